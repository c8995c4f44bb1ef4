import { chat, eventStream } from '../clients/events.ts';
import { chunk, lastChunk } from '../kit/http-text.ts';
import { json } from './kit.ts';

/** What an upstream does when it fails: the bytes that it sends, and how it leaves after them. */
export interface Fault {
  readonly bytes: string;
  /** `stay`: it is silent from then on. */
  readonly leaves: 'fin' | 'reset' | 'stay' | 'next';
}

const error = (status: string, type: string, code = type): string => json(status, { error: { message: 'no', type, code } });
const statuses = {
  'status 500': error('500 Internal Server Error', 'server_error'),
  'status 503': error('503 Service Unavailable', 'server_error'),
  'status 429': error('429 Too Many Requests', 'rate_limit_error'),
  'status 429 for a spent quota': error('429 Too Many Requests', 'insufficient_quota'),
  'status 404 for a model': error('404 Not Found', 'invalid_request_error', 'model_not_found'),
  'status 400 for a long context': error('400 Bad Request', 'invalid_request_error', 'context_length_exceeded'),
  'status 400': error('400 Bad Request', 'invalid_request_error', 'bad'),
  'status 401': error('401 Unauthorized', 'authentication_error'),
} as const;

const next = (bytes: string): Fault => ({ bytes, leaves: 'next' });
/** Answers that say what is wrong by their status, or by more. */
export const byStatus = Object.fromEntries(Object.entries(statuses).map(([name, bytes]) => [name, next(bytes)])) as Record<
  keyof typeof statuses,
  Fault
>;

/** Of a call that is not streamed. */
export const jsonFaults = {
  ...byStatus,
  'a reset': { bytes: '', leaves: 'reset' },
  'a closed connection': { bytes: '', leaves: 'fin' },
  silence: { bytes: '', leaves: 'stay' },
  'a cut body': { bytes: json('200 OK', { id: 'x' }).slice(0, -3), leaves: 'fin' },
  'a body that stalls': { bytes: json('200 OK', { id: 'x' }).slice(0, -3), leaves: 'stay' },
  'an error in a 200': next(error('200 OK', 'server_error')),
  'an empty 200': next(json('200 OK', '')),
  'half a JSON': next(json('200 OK', '{"id":"x","choices":[{"ind')),
  'no HTTP': { bytes: 'SSH-2.0-OpenSSH\r\n', leaves: 'fin' },
} as const satisfies Record<string, Fault>;

/** Of a stream before any content of it was seen. */
export const earlyFaults = {
  ...byStatus,
  'a reset': { bytes: '', leaves: 'reset' },
  'a closed connection': { bytes: '', leaves: 'fin' },
  silence: { bytes: '', leaves: 'stay' },
  'silence behind the head': { bytes: eventStream, leaves: 'stay' },
  'a cut behind the first frame': { bytes: eventStream + chat.role, leaves: 'fin' },
  'an error as an event': next(eventStream + chat.role + chat.error + lastChunk),
  'an end without content': next(eventStream + lastChunk),
  'half an event': next(eventStream + chunk('data: {"id":"x","cho') + lastChunk),
  'no HTTP': { bytes: 'SSH-2.0-OpenSSH\r\n', leaves: 'fin' },
} as const satisfies Record<string, Fault>;

/** Of a stream behind its first content. */
export const lateFaults = {
  'a reset': { bytes: '', leaves: 'reset' },
  'a cut': { bytes: '', leaves: 'fin' },
  silence: { bytes: '', leaves: 'stay' },
  'an error as an event': next(chat.error + lastChunk),
  'an error as an event and the end mark': next(chat.error + chat.done + lastChunk),
  'an end without its mark': next(lastChunk),
} as const satisfies Record<string, Fault>;

/** The limits of an attempt: short where nothing else ends a fault, else so long that a busy machine does not meet them. */
export function limitsFor(silent: boolean) {
  const limit = silent ? '300ms' : '10s';
  return { connect: limit, answer: limit, firstByte: limit, idle: limit };
}

/** What a stream begins with before a late fault. */
export const begun = eventStream + chat.role + chat.text('begun');
