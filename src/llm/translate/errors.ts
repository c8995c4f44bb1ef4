import type { Verdict } from '../../core/verdict.ts';
import { verdictOfError } from '../classify.ts';
import { type ErrorFacts, errorIn, factsOf } from '../error-facts.ts';
import type { JsonObject } from '../json-object.ts';

/** An error in the caller's format: the status that it has there, and its body. */
export interface TranslatedError {
  readonly status: number;
  readonly body: JsonObject;
}

type Kind = { readonly status?: number; readonly type: string; readonly code?: string };

/** What each format says by verdict. Without a status the reply's own is kept. */
const chatKinds: Readonly<Partial<Record<Verdict, Kind>>> = {
  'rate-limited': { status: 429, type: 'requests', code: 'rate_limit_exceeded' },
  'quota-exhausted': { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  overloaded: { status: 503, type: 'server_error', code: 'service_unavailable' },
  'server-error': { type: 'server_error' },
  timeout: { type: 'server_error' },
  'model-unavailable': { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  'context-length': { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  'content-filter': { status: 400, type: 'invalid_request_error', code: 'content_filter' },
};

const messagesKinds: Readonly<Partial<Record<Verdict, Kind>>> = {
  'rate-limited': { status: 429, type: 'rate_limit_error' },
  'quota-exhausted': { status: 402, type: 'billing_error' },
  overloaded: { status: 529, type: 'overloaded_error' },
  'server-error': { type: 'api_error' },
  timeout: { status: 504, type: 'timeout_error' },
  auth: { type: 'authentication_error' },
  'model-unavailable': { status: 404, type: 'not_found_error' },
  'context-length': { status: 400, type: 'invalid_request_error' },
  'content-filter': { status: 400, type: 'invalid_request_error' },
};

/** An error of Anthropic's interface as OpenAI's. `answer` is undefined where the body was no JSON object. */
export function chatError(answer: JsonObject | undefined, status: number, verdict: Verdict): TranslatedError {
  const kind = chatKinds[verdict] ?? { type: 'invalid_request_error' };
  const message = messageOf(answer, status);
  return { status: kind.status ?? status, body: { error: { message, type: kind.type, param: null, code: kind.code ?? null } } };
}

/** An error of OpenAI's interface as Anthropic's; a code that OpenAI gave stays among the details. */
export function messagesError(answer: JsonObject | undefined, status: number, verdict: Verdict): TranslatedError {
  const kind = messagesKinds[verdict] ?? { type: 'invalid_request_error' };
  const type = verdict === 'auth' && status === 403 ? 'permission_error' : kind.type;
  const code = answer && factsIn(answer).codes[0];
  const error = { type, message: messageOf(answer, status), ...(code !== undefined && { details: { error_code: code } }) };
  return { status: kind.status ?? status, body: { type: 'error', error, request_id: null } };
}

/** What an error in the middle of a stream says: it has no status of its own. */
export function verdictInStream(answer: JsonObject): Verdict {
  return verdictOfError(200, factsIn(answer));
}

function messageOf(answer: JsonObject | undefined, status: number): string {
  const said = answer ? factsIn(answer).message : '';
  return said === '' ? `The upstream answered with status ${status}.` : said;
}

function factsIn(answer: JsonObject): ErrorFacts {
  return errorIn(answer) ?? factsOf(answer);
}
