import type { Answered, PieceReader } from '../../core/conversation.ts';
import type { DialectName } from '../../core/dialect.ts';
import type { RawHeaders } from '../../core/headers.ts';
import type { AnswerParts } from '../content/choices.ts';
import { readerOf } from '../content/reader.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { readItem } from './openai-responses.ts';
import { nameIn } from './text-of.ts';
import { TurnList } from './turn-list.ts';

/** A longer answer is not looked into. */
const answerLimitBytes = 4 * 1024 * 1024;

/** Reads what a model has said, whole or as a stream, in the formats whose requests may name an answer; undefined in others. */
export function answerReader(dialect: DialectName, api: string | undefined, headers: RawHeaders): PieceReader<Answered> | undefined {
  const parts = dialect === 'anthropic' ? new MessageTurn() : dialect === 'openai' && api === 'responses' ? new ResponseTurn() : undefined;
  const reader = parts && readerOf(parts, headers);
  if (!reader) return undefined;
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.byteLength;
      return bytes > answerLimitBytes ? undefined : reader.push(chunk);
    },
    async end() {
      if (bytes > answerLimitBytes) return undefined;
      return (await reader.end()) && parts.answered();
    },
  };
}

interface TurnParts extends AnswerParts {
  answered(): Answered | undefined;
}

const lastEvents = new Set<unknown>(['response.completed', 'response.incomplete']);

/** A response of OpenAI's, whose last event repeats it all. */
class ResponseTurn implements TurnParts {
  readonly begun = false;
  #response: JsonObject | undefined;

  see(event: JsonObject): void {
    if (lastEvents.has(event['type'])) this.#response = asObject(event['response']);
    else if (event['object'] === 'response' || Array.isArray(event['output'])) this.#response = event;
  }

  choices(): readonly [] {
    return [];
  }

  answered(): Answered | undefined {
    if (!this.#response) return undefined;
    const turns = new TurnList(undefined);
    for (const item of objectsIn(this.#response['output'])) readItem(item, turns);
    return { id: nameIn(this.#response['id']), turn: turns.answer() };
  }
}

/** A block of a message while it is put together. */
interface Block {
  readonly start: JsonObject;
  text: string;
  json: string;
}

/** A message of Anthropic's, whole or as a stream of its blocks. */
class MessageTurn implements TurnParts {
  readonly begun = false;
  #id = '';
  readonly #blocks = new Map<unknown, Block>();

  see(event: JsonObject): void {
    const { type, index } = event;
    if (type === 'message') this.#whole(event);
    else if (type === 'message_start') this.#id = nameIn(asObject(event['message'])?.['id']);
    else if (type === 'content_block_start') this.#start(asObject(event['content_block']) ?? {}, index);
    else if (type === 'content_block_delta') {
      const { text, partial_json: json } = asObject(event['delta']) ?? {};
      const block = this.#blocks.get(index);
      if (!block) return;
      block.text += nameIn(text);
      block.json += nameIn(json);
    }
  }

  choices(): readonly [] {
    return [];
  }

  answered(): Answered | undefined {
    if (this.#id === '') return undefined;
    const turns = new TurnList(undefined);
    for (const { start, text, json } of this.#blocks.values()) {
      if (start['type'] === 'text') turns.assistant(text, []);
      if (start['type'] !== 'tool_use') continue;
      turns.assistant('', [{ id: nameIn(start['id']), tool: nameIn(start['name']), arguments: json === '' ? start['input'] : json }]);
    }
    return { id: this.#id, turn: turns.answer() };
  }

  #whole(message: JsonObject): void {
    this.#id = nameIn(message['id']);
    for (const [index, block] of objectsIn(message['content']).entries()) this.#start(block, index);
  }

  #start(start: JsonObject, index: unknown): void {
    this.#blocks.set(index, { start, text: nameIn(start['text']), json: '' });
  }
}
