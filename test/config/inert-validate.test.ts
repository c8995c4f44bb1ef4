import { describe, expect, it } from 'vitest';
import { policyWarnings } from './load-text.ts';

const unheeded = 'validate: holds answers back for nothing: name invalid-output in retry.on, or set fallback, cache or degrade';

describe('warnings of validation', () => {
  it.each([
    ['alone', ['validate: {}']],
    ['with retries of other verdicts', ['validate: {}', 'retry: {}']],
    ['with a fallback for other verdicts', ['validate: {}', 'fallback: [ { model: m, on: [timeout] } ]']],
    ['with a cache that only reads through', ['validate: {}', 'cache: { mode: read-through, fresh: 5m }']],
  ])('tell that nothing acts on it: %s', (_, lines) => {
    expect(policyWarnings(...lines)).toContain(unheeded);
  });

  it.each([
    ['retry', ['validate: {}', 'retry: { on: [invalid-output] }']],
    ['fallback', ['validate: {}', 'fallback: [ { model: m } ]']],
    ['cache', ['validate: {}', 'cache: {}']],
    ['degrade', ['validate: {}', 'degrade: {}']],
    ['nobody, as it only observes', ['validate: { observe: true }']],
  ])('are silent where there is somebody who acts: %s', (_, lines) => {
    expect(policyWarnings(...lines)).not.toContain(unheeded);
  });

  it('tell that it checks nothing', () => {
    expect(policyWarnings('validate: { nonEmpty: false, json: false, schema: false }', 'degrade: {}')).toEqual([
      'validate: checks nothing: nonEmpty, json and schema are off',
    ]);
  });
});

describe('warnings of adjusted prompts', () => {
  it('tell what is never made', () => {
    expect(
      policyWarnings('validate: {}', 'fallback: [ { model: m } ]', 'retry: { adjust: [rephrase, { do: simplify, on: [timeout] }] }'),
    ).toEqual(['retry.adjust: rephrase is never made: it is for invalid-output, which retry.on does not name']);
  });

  it('tell what hardly ever is, and what retries in vain', () => {
    expect(policyWarnings('retry: { on: [invalid-output, context-length], adjust: [add-context] }')).toEqual([
      'retry.on: names context-length, and a prompt that is too long stays so: set adjust: [simplify]',
      'retry.adjust: add-context is hardly ever made: without validate few answers are invalid-output',
    ]);
  });

  it('are silent where all is well', () => {
    expect(
      policyWarnings('validate: {}', 'retry: { on: [invalid-output], adjust: [add-context, simplify, { do: examples, text: x }] }'),
    ).toEqual([]);
    expect(policyWarnings('retry: { adjust: [simplify] }')).toEqual([]);
  });
});
