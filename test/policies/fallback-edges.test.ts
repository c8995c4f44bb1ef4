import { expect, test } from 'vitest';
import type { DialectName } from '../../src/core/dialect.ts';
import { failure } from '../../src/core/failure.ts';
import { betterOutcome, isAnswer } from '../../src/policies/fallback/best-outcome.ts';
import { fallbackFindings } from '../../src/policies/fallback/findings.ts';
import { createFallback, fallbackSettings } from '../../src/policies/fallback.ts';
import { bad, type Entries, fallback, spares, told } from './fallback-kit.ts';
import { context, exchange, openTunnel } from './kit.ts';

test('a target that calls the request wrong leads on as the verdict before it', async () => {
  const { run, asked } = fallback(spares, ['overloaded', 'client-error', 'ok']);
  expect(told(await run(exchange()))).toBe('ok');
  expect(asked()).toEqual(['main', 'spare', 'last/small']);
});

test('a tunnel that a target opens is handed up where nobody has answered before', async () => {
  const { tunnel } = openTunnel();
  const { run } = fallback(spares, [failure('upstream_unreachable', 'no connection', { sent: 'no' }), tunnel]);
  expect(await run(exchange())).toBe(tunnel);
});

test('an entry without a way to its target is a bug that is told at once', () => {
  const surroundings = { home: 'main', ways: [], breaks: true, dialectOf: () => undefined, translate: () => undefined };
  expect(() => createFallback(fallbackSettings.parse(spares), surroundings, context())).toThrow('there is no way to fallback entry 0');
});

test('a fallback shows what it moves on for', () => {
  const { policy } = fallback([{ upstream: 'spare', on: ['timeout', 'auth'] }], [bad('ok')]);
  expect(policy.inspect?.()).toMatchObject({ targets: [{ upstream: 'spare', on: ['timeout', 'auth'] }] });
});

test.each(['rate-limited', 'overloaded', 'server-error', 'network', 'timeout', 'invalid-output'] as const)(
  '%s, which passes, is told rather than an error that stays, and rather than one that was before it',
  async (verdict) => {
    const [staying, earlier, later] = [bad('quota-exhausted'), bad('overloaded'), bad(verdict)];
    expect(await betterOutcome(exchange(), staying, later)).toBe(later);
    expect(await betterOutcome(exchange(), earlier, later)).toBe(later);
  },
);

test.each(['content-filter', 'tool-error'] as const)('%s is an answer, which goes before every error', async (verdict) => {
  const answer = bad(verdict);
  expect(isAnswer(answer)).toBe(true);
  expect(isAnswer(failure('upstream_unreachable', 'no connection'))).toBe(false);
  expect(await betterOutcome(exchange(), answer, bad('overloaded'))).toBe(answer);
  expect(await betterOutcome(exchange(), bad('overloaded'), answer)).toBe(answer);
});

const dialects = new Map<string, DialectName | 'auto'>([
  ['openai', 'openai'],
  ['local', 'ollama'],
  ['any', 'auto'],
  ['tool', 'http'],
  ['anthropic', 'anthropic'],
]);
const messages = (entries: Entries, homes: string[], refuses = true) =>
  fallbackFindings(fallbackSettings.parse(entries), { homes, dialects, refuses }).map(({ key, message }) => `${key} ${message}`);

const noLimit = 'maxTokens has no effect: it is for calls in the format of openai that move to an upstream that speaks anthropic';

test('check says of a limit of tokens that it has no effect only where none of the routes can need it', () => {
  const entry = { upstream: 'anthropic', model: 'm', maxTokens: 5 };
  for (const homes of [['local'], ['any'], ['tool', 'any'], []]) expect(messages([entry], homes)).not.toContain(noLimit);
  expect(messages([entry], ['tool'])).toContain(noLimit);
  expect(messages([{ upstream: 'nowhere', maxTokens: 5 }], ['nobody'])).toEqual([noLimit]);
});

test('check says what is in vain in an entry, and why', () => {
  expect(messages([{ model: 'm' }], ['tool'])).toEqual(['model cannot be set: calls for tool are http, which names no model']);
  expect(messages([{ model: 'm' }, { model: 'm' }], ['openai'])).toEqual([
    'model leads to a target that was tried before: it is always skipped',
  ]);
  expect(messages([{ model: 'm', on: [] }], ['openai'], false)).toEqual([
    'on is empty, and without a circuitBreaker or a bulkhead nothing is refused: the entry is never tried',
  ]);
  expect(messages([{ model: 'm', on: ['timeout'] }], ['openai'], false)).toEqual([]);
});

test('an entry that leads nowhere is told what it lacks', () => {
  expect(fallbackSettings.safeParse([{}]).error?.issues).toMatchObject([{ message: 'expected an upstream, a model or both' }]);
});
