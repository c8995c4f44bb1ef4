import type { Call } from '../core/dialect.ts';
import { errorCodes } from '../core/error-codes.ts';
import type { Failure, Reply } from '../core/outcome.ts';
import { type ErrorSaid, errorReply } from './error-reply.ts';
import { eventStream } from './event-stream.ts';
import { spokenReply } from './spoken-reply.ts';

/** A sentence as an answer that stopped normally and used no tokens; undefined for calls that are not answered in words. */
export function speakGemini(text: string, call: Call): Reply | undefined {
  if (call.kind !== 'llm' || (call.api !== 'object' && call.api !== 'array')) return undefined;
  const candidate = { content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 };
  const usageMetadata = { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 };
  const answer = { candidates: [candidate], usageMetadata, modelVersion: call.model ?? 'outrigger' };
  if (call.stream !== true) return spokenReply(JSON.stringify(answer), 'application/json');
  return call.api === 'array'
    ? spokenReply(JSON.stringify([answer]), 'application/json')
    : spokenReply(eventStream([{ data: answer }]), 'text/event-stream');
}

/** An error in Google's format (google.rpc.Status). */
export function refuseGemini(failure: Failure): Reply {
  return errorReply(failure, errorBody(failure));
}

/** The same error as the last event of a stream that broke; an array that grows has no place for it. */
export function breakOffGemini(failure: ErrorSaid): Uint8Array {
  return Buffer.from(eventStream([{ data: errorBody(failure) }]));
}

/** Google's names for statuses (google.rpc.Code), with our code as the reason of an ErrorInfo (AIP-193). */
const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

function errorBody({ code, message, phase }: ErrorSaid): object {
  const { status } = errorCodes[code];
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: code.toUpperCase(),
    domain: 'outrigger',
    metadata: { code, phase },
  };
  return { error: { code: status, message, status: statusNames[status] ?? 'FAILED_PRECONDITION', details: [info] } };
}
