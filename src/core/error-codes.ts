import type { Verdict } from './verdict.ts';

interface ErrorCodeFacts {
  /** HTTP status of our answer. */
  status: number;
  /** Error token of the Proxy-Status header (RFC 9209, section 2.3). */
  proxyStatus: string;
  verdict: Exclude<Verdict, 'ok'>;
}

/** Every error of our own making. docs/errors.md explains each to users. */
export const errorCodes = {
  no_route: { status: 404, proxyStatus: 'destination_not_found', verdict: 'client-error' },
  bad_request: { status: 400, proxyStatus: 'http_request_error', verdict: 'client-error' },
  method_not_allowed: { status: 405, proxyStatus: 'http_request_denied', verdict: 'client-error' },
  forbidden: { status: 403, proxyStatus: 'http_request_denied', verdict: 'client-error' },
  headers_too_large: { status: 431, proxyStatus: 'http_request_error', verdict: 'client-error' },
  body_too_large: { status: 413, proxyStatus: 'http_request_denied', verdict: 'client-error' },
  loop_detected: { status: 508, proxyStatus: 'proxy_loop_detected', verdict: 'client-error' },
  agent_paused: { status: 423, proxyStatus: 'http_request_denied', verdict: 'refused' },
  upstream_unreachable: { status: 502, proxyStatus: 'destination_unavailable', verdict: 'network' },
  upstream_protocol_error: { status: 502, proxyStatus: 'http_protocol_error', verdict: 'network' },
  repetitive_answer: { status: 502, proxyStatus: 'http_response_incomplete', verdict: 'invalid-output' },
  circuit_open: { status: 503, proxyStatus: 'destination_unavailable', verdict: 'refused' },
  bulkhead_full: { status: 503, proxyStatus: 'connection_limit_reached', verdict: 'refused' },
  draining: { status: 503, proxyStatus: 'http_request_denied', verdict: 'refused' },
  upstream_timeout: { status: 504, proxyStatus: 'http_response_timeout', verdict: 'timeout' },
  deadline_exceeded: { status: 504, proxyStatus: 'http_response_timeout', verdict: 'timeout' },
  cancelled: { status: 499, proxyStatus: 'http_request_error', verdict: 'cancelled' },
  internal_error: { status: 500, proxyStatus: 'proxy_internal_error', verdict: 'server-error' },
} as const satisfies Record<string, ErrorCodeFacts>;

export type ErrorCode = keyof typeof errorCodes;
