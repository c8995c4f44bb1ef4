import type { ContentFacts, Demand, SaidChoice } from '../../core/content.ts';
import type { RequestFacts } from '../../core/dialect.ts';
import { plainPath } from '../describe.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { type AnswerParts, type ChoiceParts, choiceAt, textIn } from './choices.ts';
import { askedIn, noDemand } from './demand.ts';
import { readerOf } from './reader.ts';

/** What Gemini's contents are asked for and say. */
export const geminiContent: ContentFacts = {
  demand(request, body) {
    if (!writes(request)) return undefined;
    const asked = askedIn(request, body);
    return asked ? demandOf(asked) : noDemand;
  },
  reader: (_request, headers) => readerOf(new CandidateParts(), headers),
};

function writes(request: RequestFacts): boolean {
  return request.method === 'POST' && /:(generateContent|streamGenerateContent)$/.test(plainPath(request));
}

function demandOf(request: JsonObject): Demand {
  const config = asObject(member(request, 'generationConfig', 'generation_config')) ?? {};
  const json = member(config, 'responseMimeType', 'response_mime_type') === 'application/json';
  const declared = objectsIn(request['tools']).flatMap((tool) => objectsIn(member(tool, 'functionDeclarations', 'function_declarations')));
  const tools = declared.map((tool) => [textIn(tool['name']), schemaIn(tool, 'parameters', 'parametersJsonSchema')] as const);
  return { json, schema: json ? schemaIn(config, 'responseSchema', 'responseJsonSchema') : undefined, tools: new Map(tools) };
}

/** Google's interfaces take names in both spellings. */
function member(holder: JsonObject, name: string, other: string): unknown {
  return holder[name] ?? holder[other];
}

function schemaIn(holder: JsonObject, own: string, plain: string): unknown {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return member(holder, plain, snake(plain)) ?? asJsonSchema(member(holder, own, snake(own)), 0);
}

/** Deeper than any schema that is checked. */
const deepest = 100;

/** Google's schemas (OpenAPI 3.0) write types in capitals, and `nullable` for a type that null is one of. */
function asJsonSchema(schema: unknown, depth: number): unknown {
  if (Array.isArray(schema)) return schema.map((item: unknown) => asJsonSchema(item, depth + 1));
  const object = asObject(schema);
  if (!object || depth > deepest) return schema;
  const { type, nullable, ...rest } = object;
  const converted = Object.entries(rest).map(([key, value]) => [key, keywordValue(key, value, depth)] as const);
  if (typeof type !== 'string' || type === 'TYPE_UNSPECIFIED') return Object.fromEntries(converted);
  const lower = type.toLowerCase();
  return { ...Object.fromEntries(converted), type: nullable === true ? [lower, 'null'] : lower };
}

/** The value of a keyword: what holds schemas is converted, names and values of properties are not. */
function keywordValue(key: string, value: unknown, depth: number): unknown {
  const named = key === 'properties' ? asObject(value) : undefined;
  if (named) return Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, asJsonSchema(schema, depth + 1)]));
  return key === 'items' || key === 'anyOf' ? asJsonSchema(value, depth + 1) : value;
}

/** The candidates of an answer, whole or in parts. */
class CandidateParts implements AnswerParts {
  readonly #choices = new Map<unknown, ChoiceParts>();

  get begun(): boolean {
    return this.#choices.size > 0 && [...this.#choices.values()].every(({ begun }) => begun);
  }

  see(event: JsonObject): void {
    for (const candidate of objectsIn(event['candidates'])) {
      const choice = choiceAt(this.#choices, candidate['index'] ?? 0);
      for (const part of objectsIn(asObject(candidate['content'])?.['parts'])) seePart(part, choice);
      if (candidate['finishReason'] === 'MAX_TOKENS') choice.cut = true;
    }
  }

  choices(): readonly SaidChoice[] {
    return [...this.#choices.values()].map((parts) => parts.said());
  }
}

function seePart(part: JsonObject, choice: ChoiceParts): void {
  const call = asObject(part['functionCall']);
  if (part['thought'] === true) return;
  if (call) choice.calls.push({ tool: textIn(call['name']), arguments: call['args'] ?? {} });
  else if (typeof part['text'] === 'string') choice.text += part['text'];
  else choice.other = true;
}
