import { eventStream } from '../../event-stream.ts';
import { asObject, type JsonObject, parseObject } from '../../json-object.ts';
import { standsAt } from '../../tokens.ts';
import { messagesError, verdictInStream } from '../errors.ts';
import { Reading } from '../reading.ts';
import { stopReason } from '../stop-reasons.ts';
import type { EventTranslation } from '../stream-translation.ts';
import { Untranslatable } from '../untranslatable.ts';
import { messagesUsage } from '../usage.ts';
import { endOfCall, withoutContent } from './answer.ts';

type Frame = JsonObject & { readonly type: string };

/** The block that is open: of text, or of the call that stands at `call` among the calls. */
interface OpenBlock {
  readonly call: unknown;
  readonly text: boolean;
}

/**
 * The chunks of a chat completion as the events of a message. Blocks are told one after the other, so calls must come one
 * after the other, too. The end is told at `[DONE]`, because the counts come behind the finish reason.
 */
export class MessagesEvents implements EventTranslation {
  begun = false;
  #started = false;
  #block: OpenBlock | undefined;
  #blocks = 0;
  #calls = 0;
  #refused = false;
  #finish: unknown;
  #usage: JsonObject | undefined;

  event(data: Buffer, name: string): string {
    if (standsAt(data, 0, '[DONE]')) return framed(this.#end());
    const chunk = parseObject(data);
    if (!chunk) throw new Untranslatable('an event that is no JSON object');
    if (name === 'error' || (chunk['error'] ?? null) !== null) return this.#failed(chunk);
    this.#usage = asObject(chunk['usage']) ?? this.#usage;
    const from = new Reading(chunk, '');
    const choices = from.list('choices') ?? [];
    if (choices.length > 1) from.refuse('choices', `are ${choices.length}`);
    const begin = this.#started ? [] : [this.#start(from)];
    return framed([...begin, ...(choices.length === 1 ? this.#choice(new Reading(choices[0], 'choices[0]')) : [])]);
  }

  #start(from: Reading): Frame {
    this.#started = true;
    const [id, model] = [from.text('id') ?? '', from.text('model') ?? ''];
    const usage = { input_tokens: 0, output_tokens: 0 };
    const facts = { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage };
    return { type: 'message_start', message: facts };
  }

  #choice(choice: Reading): Frame[] {
    choice.only('index', 0);
    const delta = new Reading(choice.take('delta') ?? {}, choice.at('delta'));
    delta.take('role');
    const [content, refusal] = [delta.text('content') ?? '', delta.text('refusal') ?? ''];
    this.#refused ||= refusal !== '';
    const frames = [...this.#text(content), ...this.#text(refusal)];
    for (const [i, call] of (delta.list('tool_calls') ?? []).entries()) {
      frames.push(...this.#call(new Reading(call, `${delta.at('tool_calls')}[${i}]`)));
    }
    withoutContent(delta);
    delta.end();
    const finish = choice.take('finish_reason');
    if (finish !== undefined) {
      this.begun = true;
      this.#finish = finish;
      frames.push(...this.#close());
    }
    return frames;
  }

  #text(text: string): Frame[] {
    if (text === '') return [];
    const open = this.#block?.text ? [] : this.#open({ call: undefined, text: true }, { type: 'text', text: '' });
    return [...open, this.#delta({ type: 'text_delta', text })];
  }

  #call(call: Reading): Frame[] {
    const index = call.take('index');
    const id = call.text('id') ?? '';
    const called = new Reading(call.take('function') ?? {}, call.at('function'));
    const part = called.text('arguments') ?? '';
    const isOpen = this.#block !== undefined && !this.#block.text && this.#block.call === index && (index !== undefined || id === '');
    const open = isOpen ? [] : this.#openCall(index, id, called);
    called.take('name');
    endOfCall(call, called);
    return part === '' ? open : [...open, this.#delta({ type: 'input_json_delta', partial_json: part })];
  }

  #openCall(index: unknown, id: string, called: Reading): Frame[] {
    // Later calls have later places: an earlier one is closed and cannot go on.
    if (id === '' || (typeof index === 'number' && index < this.#calls)) throw new Untranslatable('tool calls that are mixed up');
    this.#calls += 1;
    return this.#open({ call: index, text: false }, { type: 'tool_use', id, name: called.needText('name'), input: {} });
  }

  #open(block: OpenBlock, content: JsonObject): Frame[] {
    const closed = this.#close();
    this.begun = true;
    this.#block = block;
    return [...closed, { type: 'content_block_start', index: this.#blocks, content_block: content }];
  }

  #delta(delta: JsonObject): Frame {
    return { type: 'content_block_delta', index: this.#blocks, delta };
  }

  #close(): Frame[] {
    if (!this.#block) return [];
    const index = this.#blocks;
    this.#block = undefined;
    this.#blocks += 1;
    return [{ type: 'content_block_stop', index }];
  }

  #end(): Frame[] {
    const reason = stopReason(this.#finish, { calls: this.#calls > 0, refusal: this.#refused });
    const delta = { stop_reason: reason, stop_sequence: null };
    return [...this.#close(), { type: 'message_delta', delta, usage: messagesUsage(this.#usage) }, { type: 'message_stop' }];
  }

  #failed(chunk: JsonObject): string {
    this.begun = true;
    return eventStream([{ name: 'error', data: messagesError(chunk, 500, verdictInStream(chunk)).body }]);
  }
}

function framed(frames: readonly Frame[]): string {
  return eventStream(frames.map((data) => ({ name: data.type, data })));
}
