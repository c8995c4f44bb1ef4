import { failure } from '../core/failure.ts';
import type { Failure } from '../core/outcome.ts';
import { ForwardProxyError } from './forward-proxy.ts';
import { resetCode } from './reveal-reset.ts';

/** The code of an error from undici, Node's sockets or TLS. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // undici's parser leaves the code of most of its errors out.
  return error.name === 'HTTPParserError' ? 'HPE_UNKNOWN' : '';
}

/** The connection closed with no more bytes: what a kept connection does whose server had given it up. */
export function closedByPeer(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === resetCode ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    (code === 'UND_ERR_SOCKET' && (error as Error).message === 'other side closed')
  );
}

/** Certificates that do not hold: whoever answers there is not who the configuration means, and will not be a second later. */
const untrusted = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_)/;

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name does not resolve',
  EAI_AGAIN: 'its host name could not be resolved now',
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it reset the connection',
  [resetCode]: 'it reset the connection',
  EPIPE: 'it closed the connection',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'the connection timed out',
  EMFILE: 'this process has no file descriptor left',
};

/** Errors in what the upstream sent, as against not being reached at all. */
const protocol = /^(HPE_|UND_ERR_(RES_CONTENT_LENGTH|HEADERS_OVERFLOW|RESPONSE|HTTP_PARSER|INFO)|ERR_HTTP2_)/;

/** What an error of the transport means, by code and never by message text where there is a code. */
export function upstreamFailure(error: unknown, upstream: string, sent: Failure['sent'], reusedSocket: boolean): Failure {
  const code = codeOf(error);
  const details = { cause: error, sent, reusedSocket };
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return failure('bad_request', 'The request cannot be sent on: its header fields or its body are not valid HTTP.', details);
  }
  const atProxy = error instanceof ForwardProxyError;
  if (untrusted.test(code)) {
    const whose = atProxy ? `the forward proxy of upstream ${upstream}` : `upstream ${upstream}`;
    return failure('upstream_unreachable', `The certificate of ${whose} cannot be trusted (${code}).`, {
      ...details,
      verdict: 'auth',
    });
  }
  if (protocol.test(code) || (code === 'UND_ERR_SOCKET' && !closedByPeer(error))) {
    return failure('upstream_protocol_error', `Upstream ${upstream} did not answer in valid HTTP.`, details);
  }
  if (atProxy) return failure('upstream_unreachable', `Upstream ${upstream} cannot be reached: ${error.message}.`, details);
  const reason = reasons[code] ?? (code === 'UND_ERR_SOCKET' ? 'it closed the connection' : `the connection failed${code && ` (${code})`}`);
  return failure('upstream_unreachable', `Upstream ${upstream} cannot be reached: ${reason}.`, details);
}
