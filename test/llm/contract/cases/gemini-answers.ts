import { type AnswerCase, json, sse } from '../cases.ts';

/** The path of a stream of events. */
export const stream = '/v1beta/models/gemini-3:streamGenerateContent?alt=sse';

const part = (text: string, candidate: object = {}, extra: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, ...candidate }],
  ...extra,
});
const event = (data: object) => `data: ${JSON.stringify(data)}\r\n\r\n`;
const counts = {
  promptTokenCount: 100,
  cachedContentTokenCount: 60,
  candidatesTokenCount: 30,
  thoughtsTokenCount: 20,
  toolUsePromptTokenCount: 5,
  totalTokenCount: 155,
};
const usage = { input: 45, output: 30, cacheRead: 60, cacheWrite: 0, reasoning: 20 };
const early = { input: 100, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const begun = part('Hé "finishReason" } ] \\', {}, { usageMetadata: { promptTokenCount: 100, totalTokenCount: 100 } });
const stopped = part('', { finishReason: 'STOP' }, { usageMetadata: counts });
const overloaded = { error: { code: 503, status: 'UNAVAILABLE' } };

/** The first event of a stream. */
export const hello = event(begun);
/** A carriage return ends a line already, whether or not a line feed follows. */
const judgedHello = hello.slice(0, -1);

const one = { path: '/v1/models/gemini-3:generateContent' };
const finished = (reason: string) => ({ request: one, body: JSON.stringify(part('', { finishReason: reason })), complete: true });
const failed = (status: number, error: object) => ({ request: one, status, body: JSON.stringify({ error }), complete: true });

const quota = (quotaId: string, retryDelay: string) => ({
  code: 429,
  message: 'You exceeded your current quota, please check your plan and billing details.',
  status: 'RESOURCE_EXHAUSTED',
  details: [
    { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId, quotaValue: '5' }] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
  ],
});

const whole: AnswerCase[] = [
  {
    name: 'with content',
    request: one,
    body: JSON.stringify(part('Hi', { finishReason: 'STOP' }, { usageMetadata: counts })),
    verdict: 'ok',
    complete: true,
    usage,
  },
  { name: 'that is blocked', request: one, body: '{"promptFeedback":{"blockReason":"SAFETY"}}', verdict: 'content-filter', complete: true },
  ...(['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII', 'IMAGE_SAFETY'] as const).map(
    (reason) => ({ name: `that is finished by ${reason}`, ...finished(reason), verdict: 'content-filter' }) as const,
  ),
  ...(['MALFORMED_FUNCTION_CALL', 'MALFORMED_RESPONSE', 'UNEXPECTED_TOOL_CALL'] as const).map(
    (reason) => ({ name: `that is finished by ${reason}`, ...finished(reason), verdict: 'invalid-output' }) as const,
  ),
  { name: 'that is as long as it may be', ...finished('MAX_TOKENS'), verdict: 'ok' },
  {
    name: 'of an embedding',
    request: { path: '/v1/models/e:embedContent' },
    body: '{"embedding":{"values":[1]}}',
    verdict: 'ok',
    complete: true,
  },
  { name: '429 of a rate', ...failed(429, { code: 429, status: 'RESOURCE_EXHAUSTED' }), verdict: 'rate-limited' },
  {
    name: '429 of a rate that says when to come back',
    ...failed(429, quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier', '34.5s')),
    verdict: 'rate-limited',
    retryAfterMs: 34_500,
  },
  {
    name: '429 of a quota for the day',
    ...failed(429, quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier', '12s')),
    verdict: 'quota-exhausted',
    retryAfterMs: 12_000,
  },
  { name: '403', ...failed(403, { code: 403, status: 'PERMISSION_DENIED' }), verdict: 'auth' },
  { name: '504', ...failed(504, { code: 504, status: 'DEADLINE_EXCEEDED' }), verdict: 'server-error' },
  {
    name: '404 of a model',
    ...failed(404, { code: 404, message: 'models/x is not found for API version v1, or is not supported', status: 'NOT_FOUND' }),
    verdict: 'model-unavailable',
  },
  {
    name: '400 of a long prompt',
    ...failed(400, {
      code: 400,
      message: 'The input token count (9) exceeds the maximum number of tokens allowed (8).',
      status: 'INVALID_ARGUMENT',
    }),
    verdict: 'context-length',
  },
  {
    name: '503 of a count of tokens',
    ...failed(503, { code: 503, status: 'UNAVAILABLE' }),
    request: { path: '/v1/models/gemini-3:countTokens' },
    verdict: 'overloaded',
  },
  {
    name: '400 in an array',
    status: 400,
    body: '[{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]',
    verdict: 'auth',
    complete: true,
  },
];

const events: AnswerCase[] = [
  {
    name: 'streamed to its end',
    body: hello + hello + event(stopped),
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 3,
    judgedAfter: judgedHello,
  },
  { name: 'streamed without its end', body: hello, verdict: 'network', complete: false, usage: early, judgedAfter: judgedHello },
  {
    name: 'streamed with a reason that is none',
    body: hello + event(part('x', { finishReason: 'FINISH_REASON_UNSPECIFIED' })),
    verdict: 'network',
    complete: false,
    usage: early,
    judgedAfter: judgedHello,
  },
  {
    name: 'streamed and then filtered',
    body: hello + event(part('', { finishReason: 'SAFETY' })),
    verdict: 'content-filter',
    complete: true,
    usage: early,
    judgedAfter: judgedHello,
  },
  {
    name: 'streamed as a blocked prompt',
    body: event({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }),
    verdict: 'content-filter',
    complete: true,
    judgedAfter: event({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }).slice(0, -1),
  },
  {
    name: 'streamed with an error behind content',
    body: hello + event(overloaded),
    verdict: 'overloaded',
    complete: false,
    usage: early,
    judgedAfter: judgedHello,
  },
].map((answer) => ({ ...answer, headers: sse }) as AnswerCase);

/** As Google writes it, with line ends between the parts. */
const array = (...parts: object[]) => `[${parts.map((item) => JSON.stringify(item, null, 2)).join('\n,\r\n')}\n]\n`;
const firstOf = (...parts: object[]) => array(...parts).slice(0, -3);

const arrays: AnswerCase[] = [
  {
    name: 'streamed as an array',
    body: array(begun, begun, stopped),
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 3,
    judgedAfter: firstOf(begun),
  },
  {
    name: 'streamed as an array without its end',
    body: firstOf(begun, stopped),
    verdict: 'server-error',
    complete: true,
    usage,
    judgedAfter: firstOf(begun),
  },
  {
    name: 'streamed as an array that is torn',
    body: firstOf(begun, begun).slice(0, -9),
    verdict: 'server-error',
    complete: false,
    usage: early,
    judgedAfter: firstOf(begun),
  },
  {
    name: 'streamed as an array without a last part',
    body: array(begun),
    verdict: 'network',
    complete: false,
    usage: early,
    judgedAfter: firstOf(begun),
  },
  { name: 'streamed as an array of nothing', body: '[]', verdict: 'server-error', complete: false, meaningful: 0 },
  {
    name: 'streamed as an error in an array',
    body: array(overloaded),
    verdict: 'overloaded',
    complete: false,
    judgedAfter: firstOf(overloaded),
  },
  {
    name: 'streamed as an array with an error behind content',
    body: array(begun, overloaded),
    verdict: 'overloaded',
    complete: false,
    usage: early,
    judgedAfter: firstOf(begun),
  },
  {
    name: 'streamed as one object',
    body: JSON.stringify(stopped),
    verdict: 'ok',
    complete: true,
    usage,
    judgedAfter: JSON.stringify(stopped),
  },
  { name: 'streamed as no JSON', body: ' oops [{}]', verdict: 'server-error', complete: false, judgedAfter: ' o' },
].map((answer) => ({ ...answer, request: { path: '/v1/models/gemini-3:streamGenerateContent' }, headers: json }) as AnswerCase);

/** Answers of Gemini, in one piece, as events and as an array. */
export const geminiAnswers: readonly AnswerCase[] = [...whole, ...events, ...arrays];
