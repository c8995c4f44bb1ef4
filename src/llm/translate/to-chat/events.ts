import { eventStream } from '../../event-stream.ts';
import { asObject, type JsonObject, parseObject } from '../../json-object.ts';
import { chatError, verdictInStream } from '../errors.ts';
import { Reading } from '../reading.ts';
import { finishReason } from '../stop-reasons.ts';
import type { EventTranslation } from '../stream-translation.ts';
import { Untranslatable } from '../untranslatable.ts';
import { chatUsage } from '../usage.ts';

/** The block that deltas belong to. */
interface OpenBlock {
  readonly index: unknown;
  /** Of a tool call: its place among the calls. */
  readonly call: number | undefined;
  /** Arguments were given. */
  filled: boolean;
}

/** The events of a message as the chunks of a chat completion. Blocks come one after the other, and never text behind a call. */
export class ChatEvents implements EventTranslation {
  begun = false;
  readonly #created: number;
  readonly #includeUsage: boolean;
  #head: JsonObject = {};
  #usage: JsonObject = {};
  #block: OpenBlock | undefined;
  #calls = 0;

  /** `created` is in seconds since 1970; `includeUsage`: the caller wants the counts in a last chunk. */
  constructor(created: number, includeUsage: boolean) {
    this.#created = created;
    this.#includeUsage = includeUsage;
  }

  event(data: Buffer, name: string): string {
    const event = parseObject(data);
    if (!event) throw new Untranslatable('an event that is no JSON object');
    const type = typeof event['type'] === 'string' ? event['type'] : name;
    switch (type) {
      case 'ping':
        return ':\n\n';
      case 'message_start':
        return this.#start(new Reading(event['message'], 'message'));
      case 'content_block_start':
        return this.#open(event['index'], new Reading(event['content_block'], 'content_block'));
      case 'content_block_delta':
        return this.#delta(event['index'], new Reading(event['delta'], 'delta'));
      case 'content_block_stop':
        return this.#close();
      case 'message_delta':
        this.#count(event);
        return this.#chunk({}, finishReason(new Reading(event['delta'], 'delta').take('stop_reason')));
      case 'message_stop':
        return this.#includeUsage
          ? eventStream([{ data: { ...this.#head, choices: [], usage: chatUsage(this.#usage) } }, { data: '[DONE]' }])
          : eventStream([{ data: '[DONE]' }]);
      case 'error':
        this.begun = true;
        return eventStream([{ data: chatError(event, 500, verdictInStream(event)).body }]);
      default:
        throw new Untranslatable(`the event ${type}`);
    }
  }

  #start(message: Reading): string {
    const [id, model] = [message.text('id') ?? '', message.text('model') ?? ''];
    this.#count({ usage: message.take('usage') });
    this.#head = { id, object: 'chat.completion.chunk', created: this.#created, model };
    return this.#said({ role: 'assistant', content: '' }, false);
  }

  #open(index: unknown, block: Reading): string {
    const type = block.text('type');
    if (type === 'text') {
      if (this.#calls > 0) block.refuse('text', 'stands behind a tool call');
      this.#block = { index, call: undefined, filled: false };
      block.only('citations', []);
      const text = block.text('text') ?? '';
      block.end();
      return text === '' ? '' : this.#said({ content: text });
    }
    if (type !== 'tool_use') return block.refuse('type', String(type));
    block.only('caller', { type: 'direct' });
    const call = this.#calls;
    this.#calls += 1;
    const input = asObject(block.take('input')) ?? {};
    // Servers of others give a call whole, where Anthropic's begins it empty.
    const given = Object.keys(input).length > 0 ? JSON.stringify(input) : '';
    this.#block = { index, call, filled: given !== '' };
    const called = { name: block.needText('name'), arguments: given };
    const id = block.needText('id');
    block.end();
    return this.#said({ tool_calls: [{ index: call, id, type: 'function', function: called }] });
  }

  #delta(index: unknown, delta: Reading): string {
    const block = this.#block;
    const type = delta.text('type');
    if (!block || block.index !== index) throw new Untranslatable('a delta of a block that is not open');
    if (type === 'text_delta' && block.call === undefined) return this.#said({ content: delta.needText('text') });
    if (type !== 'input_json_delta' || block.call === undefined) return delta.refuse('type', String(type));
    const part = delta.needText('partial_json');
    if (part === '') return '';
    block.filled = true;
    return this.#arguments(block.call, part);
  }

  /** A call without arguments has an empty object of them: nothing at all is no JSON. */
  #close(): string {
    const block = this.#block;
    this.#block = undefined;
    return block?.call === undefined || block.filled ? '' : this.#arguments(block.call, '{}');
  }

  #arguments(call: number, part: string): string {
    return this.#said({ tool_calls: [{ index: call, function: { arguments: part } }] });
  }

  /** Counts at the end replace those at the start; what is unknown there is `null`. */
  #count(holder: JsonObject): void {
    const known = Object.entries(asObject(holder['usage']) ?? {}).filter(([, count]) => count !== null);
    this.#usage = { ...this.#usage, ...Object.fromEntries(known) };
  }

  #said(delta: JsonObject, begun = true): string {
    this.begun ||= begun;
    return this.#chunk(delta, null);
  }

  #chunk(delta: JsonObject, reason: string | null): string {
    if (reason !== null) this.begun = true;
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
    return eventStream([{ data: { ...this.#head, choices, ...(this.#includeUsage && { usage: null }) } }]);
  }
}
