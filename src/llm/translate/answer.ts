import { failure } from '../../core/failure.ts';
import { mediaType } from '../../core/headers.ts';
import type { Failure, Reply } from '../../core/outcome.ts';
import { contentEncodings } from '../decoded-watcher.ts';
import { chatError, messagesError } from './errors.ts';
import { chatAnswer } from './to-chat/answer.ts';
import { ChatEvents } from './to-chat/events.ts';
import { messagesAnswer } from './to-messages/answer.ts';
import { MessagesEvents } from './to-messages/events.ts';
import { translatedStream } from './translated-stream.ts';
import { rewritten, wholeAnswer } from './translated-whole.ts';
import { orUntranslatable, Untranslatable } from './untranslatable.ts';

/** What an answer depends on beside what the upstream says. */
export interface AnswerTerms {
  /** The caller's format. */
  readonly answers: 'chat' | 'messages';
  /** The caller asked for a stream. */
  readonly stream: boolean;
  /** The caller wants the token counts of a stream. */
  readonly includeUsage: boolean;
}

/** The answer of an upstream in the other format; a failure where it cannot be carried over exactly. */
export async function translatedAnswer(reply: Reply, upstream: string, terms: AnswerTerms): Promise<Reply | Failure> {
  const answer = await answered(reply, terms);
  if (!(answer instanceof Untranslatable)) return answer;
  reply.discard();
  const message = `The answer of ${upstream} cannot be told in the format of the call: ${answer.message} has no counterpart.`;
  return failure('upstream_protocol_error', message, { verdict: 'invalid-output', sent: 'maybe', origin: 'upstream' });
}

async function answered(reply: Reply, terms: AnswerTerms): Promise<Reply | Failure | Untranslatable> {
  const { status, headers } = reply;
  if (contentEncodings(headers)?.length !== 0) return new Untranslatable('content-encoding');
  const streamed = mediaType(headers) === 'text/event-stream';
  const created = Math.floor(Date.now() / 1000);
  if (status < 300 && streamed && terms.stream) {
    return translatedStream(reply, terms.answers === 'chat' ? new ChatEvents(created, terms.includeUsage) : new MessagesEvents());
  }
  if (status >= 300 && status < 400) return new Untranslatable(`status ${status}`);
  if (status < 300 && streamed !== terms.stream) return new Untranslatable(streamed ? 'a stream' : 'a body that is no stream');
  const whole = await wholeAnswer(reply);
  if (!('said' in whole)) return whole;
  const { said } = whole;
  if (status >= 400) {
    const error = terms.answers === 'chat' ? chatError(said, status, reply.verdict) : messagesError(said, status, reply.verdict);
    return rewritten(reply, error.status, error.body);
  }
  if (!said) return new Untranslatable('a body that is no JSON object');
  const body = orUntranslatable(() => (terms.answers === 'chat' ? chatAnswer(said, created) : messagesAnswer(said)));
  return body instanceof Untranslatable ? body : rewritten(reply, status, body);
}
