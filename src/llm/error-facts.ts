import { asObject, type JsonObject, objectsIn } from './json-object.ts';

/** What an error object says, in whatever format. */
export interface ErrorFacts {
  /** Its codes, types and statuses in words, the most precise first, in lower case. */
  readonly codes: readonly string[];
  /** An HTTP status that it states itself. */
  readonly status: number | undefined;
  readonly message: string;
  /** The wait that it asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** Of a message, that much is looked at. */
const messageLimit = 2000;

/**
 * Reads the error in an answer: OpenAI's and Ollama's `{error}`, Anthropic's `{type: "error", error}`, Google's `{error}`
 * with details, or an error that stands there by itself as vLLM's. Undefined if the answer is none.
 */
export function errorIn(answer: JsonObject): ErrorFacts | undefined {
  const { error } = answer;
  if (typeof error === 'string' && error !== '') return factsOf({ message: error });
  const inner = asObject(error);
  if (inner) return factsOf(inner);
  return answer['object'] === 'error' || answer['type'] === 'error' ? factsOf(answer) : undefined;
}

/** The facts of an error object itself. */
export function factsOf(error: JsonObject): ErrorFacts {
  const details = asObject(error['details']);
  const inner = asObject(error['innererror']);
  const all = objectsIn(error['details']);
  const words = [
    details?.['error_code'],
    ...(all.some(isDailyQuota) ? ['daily_quota_exhausted'] : []),
    ...all.map((detail) => detail['reason']),
    error['code'],
    inner?.['code'],
    error['status'],
    error['type'],
  ];
  const numbers = [error['code'], error['status'], Number(error['code'])];
  return {
    codes: words.filter((word) => typeof word === 'string').map((word) => word.toLowerCase()),
    status: numbers.find((number): number is number => typeof number === 'number' && number >= 400 && number < 600),
    message: typeof error['message'] === 'string' ? error['message'].slice(0, messageLimit) : '',
    retryAfterMs: all.map(delayMs).find((ms) => ms !== undefined),
  };
}

/** Google has one code for all limits; only the names of those that were passed (google.rpc.QuotaFailure) tell for how long. */
function isDailyQuota(detail: JsonObject): boolean {
  return objectsIn(detail['violations']).some(({ quotaId }) => typeof quotaId === 'string' && quotaId.includes('PerDay'));
}

/** The delay of a google.rpc.RetryInfo, written as protocol buffers write durations in JSON: `34.07s`. */
function delayMs({ retryDelay }: JsonObject): number | undefined {
  const seconds = typeof retryDelay === 'string' ? /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(retryDelay)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
}
