import type { Demand, SaidChoice } from '../../core/content.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { type AnswerParts, argumentsIn, ChoiceParts, textIn } from './choices.ts';
import { toolsIn } from './demand.ts';

/** What a request to the responses interface asks for. */
export function responsesDemand(request: JsonObject): Demand {
  const format = asObject(asObject(request['text'])?.['format']) ?? {};
  const tools = objectsIn(request['tools']).filter(({ type }) => type === 'function');
  return {
    json: format['type'] === 'json_schema' || format['type'] === 'json_object',
    schema: format['type'] === 'json_schema' ? format['schema'] : undefined,
    tools: toolsIn(tools, 'parameters'),
  };
}

/** Events that carry a piece of what counts. */
const pieces = new Set<unknown>(['response.output_text.delta', 'response.refusal.delta', 'response.function_call_arguments.delta']);
const lastEvents = new Set<unknown>(['response.completed', 'response.incomplete', 'response.failed']);

/** A response, whole or as a stream, whose last event repeats it all. */
export class ResponseParts implements AnswerParts {
  begun = false;
  #response: JsonObject | undefined;

  see(event: JsonObject): void {
    if (pieces.has(event['type']) && textIn(event['delta']) !== '') this.begun = true;
    if (lastEvents.has(event['type'])) this.#response = asObject(event['response']);
    else if (event['object'] === 'response' || Array.isArray(event['output'])) this.#response = event;
  }

  choices(): readonly SaidChoice[] {
    const parts = new ChoiceParts();
    for (const item of objectsIn(this.#response?.['output'])) seeItem(item, parts);
    const details = asObject(this.#response?.['incomplete_details']);
    parts.cut = this.#response?.['status'] === 'incomplete' && details?.['reason'] === 'max_output_tokens';
    return [parts.said()];
  }
}

function seeItem(item: JsonObject, parts: ChoiceParts): void {
  switch (item['type']) {
    case 'message': {
      const content = objectsIn(item['content']);
      // The last message is the answer; those before it comment on the work.
      parts.text = content.map((part) => (part['type'] === 'output_text' ? textIn(part['text']) : '')).join('');
      if (content.some((part) => part['type'] === 'refusal')) parts.other = true;
      break;
    }
    case 'function_call':
      parts.calls.push({ tool: textIn(item['name']), arguments: argumentsIn(item['arguments']) });
      break;
    case 'reasoning':
      break;
    default:
      parts.other = true;
  }
}
