import { type AnswerTerms, answerOf, errorBody, errorOf, type Format } from './answer.ts';
import type { Asked, Script } from './script.ts';
import type { FaultKind } from './weather.ts';

/** How much longer a slow answer takes to begin. */
const slowMs = 4000;

/** What is left of the answer where the server fails in this way. */
export function faultyAnswer(format: Format, asked: Asked, terms: AnswerTerms, fault: FaultKind): Script {
  const usual = () => answerOf(format, asked, terms);
  switch (fault) {
    case 'rate-limited':
      return errorOf(format, 429, 'rate_limit_error', 'Too many requests.', ['retry-after', '1']);
    case 'long-wait':
      return errorOf(format, 429, 'rate_limit_error', 'Too many requests.', ['retry-after', '120']);
    case 'quota':
      return errorOf(format, 429, 'insufficient_quota', 'You have spent all that you wanted to spend.');
    case 'overloaded':
      return errorOf(format, format === 'anthropic' ? 529 : 503, 'overloaded_error', 'Too much to do just now.');
    case 'server-error':
      return errorOf(format, 500, 'server_error', 'Something is broken here.');
    case 'slow':
      return { ...usual(), headMs: terms.pace.headMs + slowMs };
    case 'stall':
      return halved(usual(), 'silence');
    case 'cut':
      return halved(usual(), 'cut');
    case 'in-band-error':
      return withError(usual(), format);
    case 'empty':
      return answerOf(format, asked, { ...terms, empty: true });
    case 'reset':
    case 'stale-connection':
      return { ...usual(), end: 'reset' };
  }
}

function halved(script: Script, end: Script['end']): Script {
  const { chunks } = script;
  const [only] = chunks;
  if (only && chunks.length === 1) return { ...script, chunks: [only.subarray(0, only.byteLength / 2)], end };
  return { ...script, chunks: chunks.slice(0, Math.ceil(chunks.length / 2)), end };
}

/** An error as an event; what is no stream has it for its body. */
function withError(script: Script, format: Format): Script {
  const body = errorBody(format, 'overloaded_error', 'Too much to do just now.');
  if (script.chunks.length < 2) return errorOf(format, 503, 'overloaded_error', 'Too much to do just now.');
  const event = `${format === 'anthropic' ? 'event: error\n' : ''}data: ${JSON.stringify(body)}\n\n`;
  return { ...script, chunks: [...script.chunks.slice(0, 1), Buffer.from(event)] };
}
