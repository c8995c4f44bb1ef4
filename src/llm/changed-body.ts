import type { Call } from '../core/dialect.ts';
import type { ProxiedRequest, RequestBody } from '../core/exchange.ts';
import { headerValue, type RawHeaders } from '../core/headers.ts';

/** Fields that vouch for the exact bytes of a body: it cannot be changed under them. */
const digestHeaders = ['digest', 'content-digest', 'repr-digest', 'content-md5', 'signature', 'x-amz-content-sha256'];

/** Whether the body is compressed, so that its bytes are not the format's. */
export function isEncoded(headers: RawHeaders): boolean {
  const encoding = headerValue(headers, 'content-encoding');
  return encoding !== undefined && encoding.trim() !== '' && encoding.trim().toLowerCase() !== 'identity';
}

/** Whether a digest or a signature would no longer fit once anything was changed. */
export function isVouchedFor(headers: RawHeaders): boolean {
  return digestHeaders.some((name) => headerValue(headers, name) !== undefined);
}

/** The body of a request if it may be changed: at hand, neither encoded nor vouched for. */
export function changeableBody(request: ProxiedRequest): Uint8Array | undefined {
  return isEncoded(request.headers) || isVouchedFor(request.headers) ? undefined : request.body.bytes;
}

/** The same request with this text in place of the bytes `[start, end)` of its body, every other byte as it was. */
export function withPiece(
  request: ProxiedRequest,
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  text: string,
  describe: (body: Uint8Array) => Call,
): ProxiedRequest {
  const changed = Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]);
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

function withLength(headers: RawHeaders, length: number): RawHeaders {
  return headers.map((field, i) => (i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'content-length' ? String(length) : field));
}

/** A body that is all there; `announced`: with a Content-Length. */
export function wholeBody(bytes: Uint8Array, announced: boolean): RequestBody {
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
