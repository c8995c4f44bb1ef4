import { expect, test } from 'vitest';
import { StateRegistry } from '../../src/core/state.ts';

test('state is made once for a policy and a subject, and shared from then on', () => {
  const { state } = new StateRegistry();
  let made = 0;
  const init = () => ({ number: ++made });
  const first = state('bulkhead', 'openai', init);
  expect(state('bulkhead', 'openai', init)).toBe(first);
  expect(made).toBe(1);
});

test('policies and subjects of the same name do not share state', () => {
  const { state } = new StateRegistry();
  const first = state('bulkhead', 'openai', () => ({}));
  expect(state('circuitBreaker', 'openai', () => ({}))).not.toBe(first);
  expect(state('bulkhead', 'anthropic', () => ({}))).not.toBe(first);
});

test('state that is undefined is made once as well', () => {
  const { state } = new StateRegistry();
  let made = 0;
  const init = () => {
    made += 1;
    return undefined;
  };
  state('cache', 'all', init);
  state('cache', 'all', init);
  expect(made).toBe(1);
});

test('state whose making fails is made at the next call', () => {
  const { state } = new StateRegistry();
  expect(() =>
    state('cache', 'all', () => {
      throw new Error('disk');
    }),
  ).toThrow('disk');
  expect(state('cache', 'all', () => 'made')).toBe('made');
});

test('retaining drops the state of subjects that are no longer named, and of that policy alone', () => {
  const registry = new StateRegistry();
  const { state } = registry;
  const kept = state('bulkhead', 'openai', () => ({}));
  const dropped = state('bulkhead', 'anthropic', () => ({}));
  const other = state('circuitBreaker', 'anthropic', () => ({}));

  registry.retain('bulkhead', new Set(['openai']));
  registry.retain('cache', new Set());

  expect(state('bulkhead', 'openai', () => ({}))).toBe(kept);
  expect(state('bulkhead', 'anthropic', () => ({}))).not.toBe(dropped);
  expect(state('circuitBreaker', 'anthropic', () => ({}))).toBe(other);
});
