import type { ErrorCode } from '../core/error-codes.ts';

/** Failures after which what the connection still carries is no request. */
export const endsConnection: ReadonlySet<ErrorCode> = new Set(['bad_request', 'body_too_large', 'headers_too_large']);
