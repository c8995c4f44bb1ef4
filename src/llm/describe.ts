import type { Call, RequestFacts } from '../core/dialect.ts';
import { isEncoded } from './changed-body.ts';
import { isZero, type Members, scanObject, textOf } from './json-scan.ts';

/** The path without its query and without a slash at its end. */
export function plainPath(request: RequestFacts): string {
  const query = request.path.indexOf('?');
  const path = query < 0 ? request.path : request.path.slice(0, query);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The top-level members of a JSON body; undefined where there is none that can be read. */
export function bodyMembers(request: RequestFacts, body: Uint8Array | undefined): Members | undefined {
  return body && !isEncoded(request.headers) ? scanObject(body) : undefined;
}

/** The `model` and `stream` of a body, where they can be read without doubt. */
export function modelAndStream(
  body: Uint8Array | undefined,
  members: Members | undefined,
  streamDefault: boolean,
): Pick<Call, 'model' | 'stream'> {
  if (!body || !members) return {};
  const model = textOf(body, members.get('model'));
  const stream = members.get('stream');
  const streamed = stream ? body[stream.start] === letterT : streamDefault;
  return model === undefined ? { stream: streamed } : { model, stream: streamed };
}

/** The list that a conversation is in, by the name of its member; nothing where that is no list. */
export function historyIn(body: Uint8Array | undefined, members: Members | undefined, name: string): Pick<Call, 'history'> {
  const list = members?.get(name);
  return body && list?.hits === 1 && body[list.start] === openBracket ? { history: list } : {};
}

/**
 * Whether nothing of the answer is left to chance: the sampling temperature is 0. `within` is the member that it stands in,
 * where that is not the body itself.
 */
export function isGreedy(body: Uint8Array | undefined, members: Members | undefined, within?: string): boolean {
  if (!body || !members) return false;
  if (within === undefined) return isZero(body, members.get('temperature'));
  const holder = members.get(within);
  if (holder?.hits !== 1) return false;
  const inner = body.subarray(holder.start, holder.end);
  return isZero(inner, scanObject(inner)?.get('temperature'));
}

const letterT = 0x74;
const openBracket = 0x5b;
