import type { ContentFacts, Demand, SaidChoice } from '../../core/content.ts';
import type { RequestFacts } from '../../core/dialect.ts';
import { plainPath } from '../describe.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { type AnswerParts, ChoiceParts, textIn } from './choices.ts';
import { askedIn, noDemand, toolsIn } from './demand.ts';
import { readerOf } from './reader.ts';

/** What Anthropic's messages are asked for and say. */
export const anthropicContent: ContentFacts = {
  demand(request, body) {
    if (!writes(request)) return undefined;
    const asked = askedIn(request, body);
    return asked ? demandOf(asked) : noDemand;
  },
  reader: (_request, headers) => readerOf(new MessageParts(), headers),
};

function writes(request: RequestFacts): boolean {
  return request.method === 'POST' && plainPath(request).endsWith('/messages');
}

function demandOf(request: JsonObject): Demand {
  const format = asObject(asObject(request['output_config'])?.['format']) ?? asObject(request['output_format']) ?? {};
  const json = format['type'] === 'json_schema';
  return { json, schema: json ? format['schema'] : undefined, tools: toolsIn(objectsIn(request['tools']), 'input_schema') };
}

/** A message, whole or as a stream of its blocks. */
class MessageParts implements AnswerParts {
  readonly #parts = new ChoiceParts();

  get begun(): boolean {
    return this.#parts.begun;
  }

  see(event: JsonObject): void {
    switch (event['type']) {
      case 'message':
        for (const block of objectsIn(event['content'])) this.#block(block, undefined);
        this.#stopped(event['stop_reason']);
        break;
      case 'content_block_start':
        this.#block(asObject(event['content_block']) ?? {}, event['index']);
        break;
      case 'content_block_delta':
        this.#delta(asObject(event['delta']) ?? {}, event['index']);
        break;
      case 'message_delta':
        this.#stopped(asObject(event['delta'])?.['stop_reason']);
    }
  }

  choices(): readonly SaidChoice[] {
    return [this.#parts.said()];
  }

  /** `index` is that of a block which comes in deltas. */
  #block(block: JsonObject, index: unknown): void {
    const parts = this.#parts;
    switch (block['type']) {
      case 'text':
        parts.text += textIn(block['text']);
        break;
      case 'thinking':
      case 'redacted_thinking':
        break;
      case 'tool_use':
        this.#call(block, index);
        break;
      default:
        // What the provider's own tools did; the answer is what was said behind it.
        parts.other = true;
        parts.text = '';
    }
  }

  #call({ name, input }: JsonObject, index: unknown): void {
    if (index === undefined) this.#parts.calls.push({ tool: textIn(name), arguments: input });
    else this.#parts.callAt(index).tool = textIn(name);
  }

  #delta(delta: JsonObject, index: unknown): void {
    if (delta['type'] === 'text_delta') this.#parts.text += textIn(delta['text']);
    // The blocks of the provider's own tools have such deltas, too.
    const call = delta['type'] === 'input_json_delta' ? this.#parts.callsInParts.get(index) : undefined;
    if (call) call.json += textIn(delta['partial_json']);
  }

  #stopped(reason: unknown): void {
    if (reason === 'max_tokens') this.#parts.cut = true;
    if (reason === 'refusal') this.#parts.other = true;
  }
}
