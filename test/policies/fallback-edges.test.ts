import { expect, test } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import { createFallback, fallbackSettings } from '../../src/policies/fallback.ts';
import { bad, fallback, spares, told } from './fallback-kit.ts';
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
