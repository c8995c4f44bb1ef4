import type { Demand } from '../../core/content.ts';
import type { RequestFacts } from '../../core/dialect.ts';
import { isEncoded } from '../changed-body.ts';
import { asObject, type JsonObject, objectsIn, parseObject } from '../json-object.ts';
import { asBuffer } from '../json-scan.ts';

/** Asks for nothing that could be checked. */
export const noDemand: Demand = { json: false, schema: undefined, tools: new Map() };

/** The body of a request as JSON; undefined where it cannot be read. */
export function requestObject(request: RequestFacts, body: Uint8Array | undefined): JsonObject | undefined {
  return body && !isEncoded(request.headers) ? parseObject(asBuffer(body)) : undefined;
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
