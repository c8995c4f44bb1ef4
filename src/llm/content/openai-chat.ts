import type { Demand, SaidChoice } from '../../core/content.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { type AnswerParts, type ChoiceParts, choiceAt, textIn } from './choices.ts';
import { functionsIn } from './demand.ts';

/** What a request for a chat completion asks for. */
export function chatDemand(request: JsonObject): Demand {
  const format = asObject(request['response_format']) ?? {};
  const schema = format['type'] === 'json_schema' ? asObject(format['json_schema'])?.['schema'] : undefined;
  return { json: format['type'] === 'json_schema' || format['type'] === 'json_object', schema, tools: functionsIn(request['tools']) };
}

/** A chat completion, whole or in chunks. */
export class ChatParts implements AnswerParts {
  readonly #choices = new Map<unknown, ChoiceParts>();

  get begun(): boolean {
    return [...this.#choices.values()].every(({ begun }) => begun) && this.#choices.size > 0;
  }

  see(event: JsonObject): void {
    for (const choice of objectsIn(event['choices'])) {
      const parts = choiceAt(this.#choices, choice['index'] ?? 0);
      const message = asObject(choice['message']);
      if (message) seeMessage(message, parts);
      seeMessage(asObject(choice['delta']) ?? {}, parts);
      if (choice['finish_reason'] === 'length') parts.cut = true;
    }
  }

  choices(): readonly SaidChoice[] {
    return [...this.#choices.values()].map((parts) => parts.said());
  }
}

/** A message and a delta differ in that the calls of a delta are numbered. */
function seeMessage(message: JsonObject, parts: ChoiceParts): void {
  const { content, refusal, audio, images, tool_calls: calls, function_call: old } = message;
  if (Array.isArray(content)) for (const part of objectsIn(content)) parts.text += textIn(part['text']);
  else parts.text += textIn(content);
  if (textIn(refusal) !== '' || asObject(audio) || objectsIn(images).length > 0) parts.other = true;
  for (const [at, call] of objectsIn(calls).entries()) seeCall(call, call['index'] ?? at, parts);
  const named = asObject(old);
  if (named) addTo(named, 'function_call', parts);
}

function seeCall(call: JsonObject, index: unknown, parts: ChoiceParts): void {
  // What a custom tool gets is free text.
  if (call['type'] === 'custom') parts.other = true;
  else addTo(asObject(call['function']) ?? {}, index, parts);
}

function addTo(named: JsonObject, index: unknown, parts: ChoiceParts): void {
  const known = parts.callAt(index);
  known.tool += textIn(named['name']);
  const { arguments: said } = named;
  if (typeof said === 'string') known.json += said;
  // Some servers send the value itself.
  else if (asObject(said)) known.json += JSON.stringify(said);
}
