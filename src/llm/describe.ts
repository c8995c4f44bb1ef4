import type { Call, RequestFacts } from '../core/dialect.ts';
import { type Members, scanObject, textOf } from './json-scan.ts';
import { isEncoded } from './retarget.ts';

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
  return { ...(model !== undefined && { model }), stream: stream ? body[stream.start] === letterT : streamDefault };
}

const letterT = 0x74;
