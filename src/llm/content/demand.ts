import type { Demand } from '../../core/content.ts';
import type { RequestFacts } from '../../core/dialect.ts';
import { bodyMembers } from '../describe.ts';
import { asObject, type JsonObject, objectsIn, parseJson } from '../json-object.ts';
import { asBuffer } from '../json-scan.ts';

/** Asks for nothing that could be checked. */
export const noDemand: Demand = { json: false, schema: undefined, tools: new Map() };

/** The members of requests, of all formats, that say what an answer has to be. */
const telling = ['tools', 'response_format', 'text', 'output_config', 'output_format', 'generationConfig', 'generation_config', 'format'];

/** Those members of a request's body, and not the conversation, which may be long; undefined where it cannot be read. */
export function askedIn(request: RequestFacts, body: Uint8Array | undefined): JsonObject | undefined {
  const members = bodyMembers(request, body);
  if (!body || !members) return undefined;
  const asked: Record<string, unknown> = {};
  for (const name of telling) {
    const member = members.get(name);
    if (member) asked[name] = parseJson(asBuffer(body).subarray(member.start, member.end));
  }
  return asked;
}

/** The tools of OpenAI's and Ollama's kind: each function in an object of its own. */
export function functionsIn(tools: unknown): Map<string, unknown> {
  const functions = objectsIn(tools).map((tool) => asObject(tool['function']) ?? {});
  return toolsIn(functions, 'parameters');
}

/** Tools by their name, each with the schema that stands under `key`. */
export function toolsIn(tools: readonly JsonObject[], key: string): Map<string, unknown> {
  return new Map(tools.flatMap((tool) => (typeof tool['name'] === 'string' ? [[tool['name'], tool[key]] as const] : [])));
}
