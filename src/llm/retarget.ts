import type { Call } from '../core/dialect.ts';
import type { ProxiedRequest, RequestBody } from '../core/exchange.ts';
import { headerValue, type RawHeaders } from '../core/headers.ts';
import { type Members, scanObject } from './json-scan.ts';

/** Fields that vouch for the exact bytes of a body: it cannot be changed under them. */
const digestHeaders = ['digest', 'content-digest', 'repr-digest', 'content-md5', 'signature', 'x-amz-content-sha256'];

/**
 * The same request with another value in the body's top-level `model`, every other byte as it was. Undefined where that
 * cannot be done exactly: the body is gone, encoded, vouched for by a digest, or no JSON object with exactly one `model`.
 */
export function retargetModel(request: ProxiedRequest, model: string, describe: (body: Uint8Array) => Call): ProxiedRequest | undefined {
  const bytes = request.body.bytes;
  if (!bytes || isEncoded(request.headers) || isVouchedFor(request.headers)) return undefined;
  const members = scanObject(bytes);
  const member = members?.get('model');
  if (!members || member?.hits !== 1 || hasLookalike(members)) return undefined;
  const changed = Buffer.concat([bytes.subarray(0, member.start), Buffer.from(JSON.stringify(model)), bytes.subarray(member.end)]);
  let call: Call | undefined;
  return {
    ...request,
    headers: withLength(request.headers, changed.byteLength),
    body: wholeBody(changed, request.body.length !== undefined),
    call: () => {
      call ??= describe(changed);
      return call;
    },
  };
}

/** Whether the body is compressed, so that its bytes are not the format's. */
export function isEncoded(headers: RawHeaders): boolean {
  const encoding = headerValue(headers, 'content-encoding');
  return encoding !== undefined && encoding.trim() !== '' && encoding.trim().toLowerCase() !== 'identity';
}

/** Whether a digest or a signature would no longer fit once anything was changed. */
export function isVouchedFor(headers: RawHeaders): boolean {
  return digestHeaders.some((name) => headerValue(headers, name) !== undefined);
}

/** Parsers that match keys without regard to case (Go's encoding/json) would take `Model` for it too. */
function hasLookalike(members: Members): boolean {
  return [...members.keys()].some((key) => key !== 'model' && key.toLowerCase() === 'model');
}

function withLength(headers: RawHeaders, length: number): RawHeaders {
  return headers.map((field, i) => (i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'content-length' ? String(length) : field));
}

function wholeBody(bytes: Uint8Array, announced: boolean): RequestBody {
  return {
    length: announced ? bytes.byteLength : undefined,
    replayable: true,
    bytes,
    whole: () => Promise.resolve(bytes),
    async *open() {
      yield bytes;
    },
  };
}
