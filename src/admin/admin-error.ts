import type { AdminAnswer } from './route.ts';

/** Every error that the admin port answers with, and its status. */
export const adminErrors = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  unsupported_media_type: 415,
  headers_too_large: 431,
  internal_error: 500,
  too_many_streams: 503,
} as const;

export type AdminErrorCode = keyof typeof adminErrors;

/** Thrown by a handler to answer with an error of its choice; any other error is answered as `internal_error`. */
export class AdminError extends Error {
  readonly code: AdminErrorCode;
  readonly headers: NonNullable<AdminAnswer['headers']>;

  constructor(code: AdminErrorCode, message: string, headers: AdminError['headers'] = {}) {
    super(message);
    this.name = 'AdminError';
    this.code = code;
    this.headers = headers;
  }
}

/** The body of an error. */
export function errorBody(code: AdminErrorCode, message: string): string {
  return `${JSON.stringify({ error: { code, message } })}\n`;
}
