import { describe, expect, it } from 'vitest';
import { verdictOfError, verdictOfStatus } from '../../src/llm/classify.ts';
import { errorIn } from '../../src/llm/error-facts.ts';

const judged = (status: number, answer: object) => verdictOfError(status, errorIn(answer as Record<string, unknown>)!);

describe('the verdict of a status', () => {
  it.each([
    [200, 'ok'],
    [304, 'ok'],
    [400, 'client-error'],
    [401, 'auth'],
    [402, 'quota-exhausted'],
    [403, 'auth'],
    [404, 'client-error'],
    [408, 'timeout'],
    [409, 'client-error'],
    [422, 'client-error'],
    [425, 'overloaded'],
    [429, 'rate-limited'],
    [500, 'server-error'],
    [502, 'server-error'],
    [503, 'overloaded'],
    [504, 'server-error'],
    [529, 'overloaded'],
  ])('%i is %s', (status, verdict) => {
    expect(verdictOfStatus(status)).toBe(verdict);
  });
});

describe('the verdict of an error', () => {
  it.each([
    ["OpenAI's spent quota", 429, { error: { code: 'insufficient_quota', type: 'insufficient_quota' } }, 'quota-exhausted'],
    ["OpenAI's rate limit", 429, { error: { code: 'rate_limit_exceeded', type: 'tokens' } }, 'rate-limited'],
    ["OpenAI's context length", 400, { error: { code: 'context_length_exceeded', type: 'invalid_request_error' } }, 'context-length'],
    [
      "Azure's content filter",
      400,
      { error: { code: 'content_filter', innererror: { code: 'ResponsibleAIPolicyViolation' } } },
      'content-filter',
    ],
    ["Azure's missing deployment", 404, { error: { code: 'DeploymentNotFound' } }, 'model-unavailable'],
    ["Anthropic's overload", 529, { type: 'error', error: { type: 'overloaded_error' } }, 'overloaded'],
    ["Anthropic's overload inside a stream", 200, { type: 'error', error: { type: 'overloaded_error' } }, 'overloaded'],
    ["Anthropic's timeout inside a stream", 200, { type: 'error', error: { type: 'timeout_error' } }, 'server-error'],
    [
      "Anthropic's spend limit",
      429,
      { error: { type: 'rate_limit_error', details: { error_code: 'enforced_spend_limit_reached' } } },
      'quota-exhausted',
    ],
    [
      "Anthropic's long prompt",
      400,
      { error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' } },
      'context-length',
    ],
    ["Anthropic's unknown model", 404, { error: { type: 'not_found_error', message: 'model: claude-9' } }, 'model-unavailable'],
    [
      "Anthropic's unknown thread",
      404,
      { error: { type: 'not_found_error', details: { error_code: 'thread_not_found' }, message: 'model: x' } },
      'client-error',
    ],
    ["Gemini's exhausted resource", 429, { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }, 'rate-limited'],
    ["Gemini's overload inside a stream", 200, { error: { code: 503, status: 'UNAVAILABLE' } }, 'overloaded'],
    ["Gemini's invalid key", 400, { error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } }, 'auth'],
    [
      "Gemini's long prompt",
      400,
      {
        error: {
          code: 400,
          status: 'INVALID_ARGUMENT',
          message: 'The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).',
        },
      },
      'context-length',
    ],
    ["Ollama's missing model", 404, { error: 'model "x" not found, try pulling it first' }, 'model-unavailable'],
    ["llama.cpp's context size", 400, { error: { code: 400, type: 'exceed_context_size_error', message: 'x' } }, 'context-length'],
    [
      "vLLM's flat error",
      400,
      { object: 'error', type: 'BadRequestError', code: 400, message: "This model's maximum context length is 4096 tokens." },
      'context-length',
    ],
    ['a status in words', 200, { error: { code: '429', message: '' } }, 'rate-limited'],
    ['an unknown code', 500, { error: { code: 'odd' } }, 'server-error'],
    ['an unknown code inside a 200', 200, { error: { code: 'odd' } }, 'server-error'],
    ['a bad request inside a 200', 200, { error: { type: 'invalid_request_error', message: 'bad' } }, 'client-error'],
  ] as const)('%s', (_name, status, answer, verdict) => {
    expect(judged(status, answer)).toBe(verdict);
  });

  it('goes by the text only where the status leaves it open', () => {
    const error = { message: 'prompt is too long' };
    expect([400, 413, 401, 409, 500].map((status) => judged(status, { error }))).toEqual([
      'context-length',
      'context-length',
      'auth',
      'client-error',
      'server-error',
    ]);
  });

  it('goes by the code, whatever the text says', () => {
    const message = 'model x: prompt is too long, does not exist, context window';
    expect(judged(429, { error: { code: 'rate_limit_exceeded', message } })).toBe('rate-limited');
    expect(judged(500, { error: { code: 'odd', message } })).toBe('server-error');
    expect(judged(200, { error: { type: 'server_error', message } })).toBe('server-error');
  });

  it('finds no error where there is none', () => {
    expect(errorIn({ error: null, choices: [] })).toBeUndefined();
    expect(errorIn({ error: '', type: 'message' })).toBeUndefined();
  });
});
