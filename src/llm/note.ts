import type { Call } from '../core/dialect.ts';
import type { ProxiedRequest } from '../core/exchange.ts';
import { changeableBody, withPiece } from './changed-body.ts';
import { elementsOf, type Range, scanObject, textOf } from './json-scan.ts';

const mark = '[Note by the proxy Outrigger, not by the user: ';

/** Whether a text is such a note, of this proxy's or of another one before it. */
export function isMarkedNote(text: string): boolean {
  return text.startsWith(mark);
}

/** A note as the model reads it, marked so that it passes for neither the user's words nor a tool's. */
export function markedNote(text: string): string {
  return `${mark}${text}]`;
}

/**
 * The same request with a note as a message of its own, every other byte as it was: behind the last message that is not the
 * assistant's, so that it stands between no tool call and its result, and what the assistant has begun to say stays last.
 * Undefined where the body cannot be changed or has no such message. `messages` of OpenAI's, Anthropic's and Ollama's kind.
 */
export function noteInMessages(request: ProxiedRequest, text: string, describe: (body: Uint8Array) => Call): ProxiedRequest | undefined {
  const bytes = changeableBody(request);
  if (!bytes) return undefined;
  const messages = elementsOf(bytes, scanObject(bytes)?.get('messages'));
  const last = messages?.findLast((message) => roleOf(bytes, message) !== 'assistant');
  if (!last) return undefined;
  const note = JSON.stringify({ role: 'user', content: markedNote(text) });
  return withPiece(request, bytes, { start: last.end, end: last.end }, `,${note}`, describe);
}

/** The `role` of a message; undefined where it cannot be read without doubt. */
export function roleOf(bytes: Uint8Array, { start, end }: Range): string | undefined {
  const message = bytes.subarray(start, end);
  return textOf(message, scanObject(message)?.get('role'));
}
