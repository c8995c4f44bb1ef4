import type { Call } from '../core/dialect.ts';
import type { Failure, Reply } from '../core/outcome.ts';
import { type ErrorSaid, errorReply } from './error-reply.ts';
import { spokenReply } from './spoken-reply.ts';

/** What a real answer ends with, with nothing spent. */
const end = {
  done: true,
  done_reason: 'stop',
  total_duration: 0,
  load_duration: 0,
  prompt_eval_count: 0,
  prompt_eval_duration: 0,
  eval_count: 0,
  eval_duration: 0,
};

/** A sentence as an answer that stopped normally and used no tokens; undefined for calls that are not answered in words. */
export function speakOllama(text: string, { kind, api, model = 'outrigger', stream }: Call): Reply | undefined {
  if (kind !== 'llm' || (api !== 'chat' && api !== 'generate')) return undefined;
  const facts = { model, created_at: new Date().toISOString() };
  const said = (content: string) => (api === 'chat' ? { message: { role: 'assistant', content } } : { response: content });
  if (stream === false) return spokenReply(JSON.stringify({ ...facts, ...said(text), ...end }), 'application/json');
  const lines = [
    { ...facts, ...said(text), done: false },
    { ...facts, ...said(''), ...end },
  ];
  return spokenReply(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'application/x-ndjson');
}

/** An error as Ollama tells it, with our code beside the text. */
export function refuseOllama(failure: Failure): Reply {
  return errorReply(failure, errorBody(failure));
}

/** The same error as the last line of a stream that broke. */
export function breakOffOllama(failure: ErrorSaid): Uint8Array {
  return Buffer.from(`${JSON.stringify(errorBody(failure))}\n`);
}

function errorBody({ code, message, phase }: ErrorSaid): object {
  return { error: message, code, phase };
}
