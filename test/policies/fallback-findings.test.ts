import { describe, expect, it } from 'vitest';
import type { DialectName } from '../../src/core/dialect.ts';
import { fallbackMoves } from '../../src/policies/fallback/entry.ts';
import { fallbackFindings } from '../../src/policies/fallback/findings.ts';
import { fallbackSettings } from '../../src/policies/fallback.ts';
import type { Entries } from './fallback-kit.ts';

const dialects = new Map<string, DialectName | 'auto'>([
  ['openai', 'openai'],
  ['spare', 'openai'],
  ['anthropic', 'anthropic'],
  ['local', 'ollama'],
  ['any', 'auto'],
  ['tool', 'http'],
  ['files', 'mcp'],
]);

const findings = (entries: Entries, homes: string[] = ['openai'], refuses = true) =>
  fallbackFindings(fallbackSettings.parse(entries), { homes, dialects, refuses });

describe('check', () => {
  it.each([
    ['openai', 'spare'],
    ['openai', 'any'],
    ['any', 'anthropic'],
    ['openai', 'local'],
    ['local', 'openai'],
    ['anthropic', 'local'],
    ['tool', 'any'],
    ['files', 'any'],
  ])('takes a fallback from %s to %s, which may speak the same', (home, upstream) => {
    expect(findings([{ upstream }], [home])).toEqual([]);
  });

  it.each([
    ['anthropic', 'files'],
    ['anthropic', 'tool'],
    ['openai', 'tool'],
    ['tool', 'files'],
  ])('rejects a fallback from %s to %s, which speaks another wire format', (home, upstream) => {
    const [finding, ...others] = findings([{ upstream }], [home]);

    expect(others).toEqual([]);
    expect(finding).toMatchObject({ index: 0, key: 'upstream', rejects: true });
    expect(finding!.message).toContain('no translator');
  });

  it('warns of one that calls of some routes cannot move to', () => {
    expect(findings([{ upstream: 'spare' }], ['openai', 'tool'])).toMatchObject([
      { index: 0, key: 'upstream', rejects: false, message: expect.stringContaining('calls for tool are http') },
    ]);
  });

  it.each([
    ['openai', 'anthropic', 'response_format'],
    ['anthropic', 'openai', 'cache_control'],
  ])('warns once of what an entry cannot carry from %s to %s', (home, upstream, field) => {
    const [finding, ...others] = findings([{ upstream, model: 'm' }], [home]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ index: 0, key: 'upstream', rejects: false });
    expect(finding!.message).toContain(`calls for ${home} (${home}) are translated; a call skips it that has what cannot be carried over`);
    expect(finding!.message).toContain(field);
  });

  it('tells of a translated entry without a model that the agent’s is asked for', () => {
    expect(findings([{ upstream: 'anthropic' }], ['openai'])[0]!.message).toContain(
      'without a model here they are asked for that of the agent',
    );
  });

  it('warns of a limit of tokens that no call can need', () => {
    const unused = { index: 0, key: 'maxTokens', rejects: false };
    expect(findings([{ upstream: 'spare', maxTokens: 5 }], ['openai'])).toMatchObject([unused]);
    expect(findings([{ upstream: 'openai', model: 'm', maxTokens: 5 }], ['anthropic'])).toMatchObject([{ key: 'upstream' }, unused]);
    expect(findings([{ upstream: 'anthropic', model: 'm', maxTokens: 5 }], ['openai'])).toMatchObject([{ key: 'upstream' }]);
  });

  it.each(['tool', 'files'])('rejects a model for calls to %s, which name none', (home) => {
    expect(findings([{ model: 'small' }], [home])).toMatchObject([{ key: 'model', rejects: true }]);
  });

  it('warns of a target that was tried before', () => {
    expect(
      findings([{ upstream: 'openai' }, { model: 'a' }, { upstream: 'openai', model: 'a' }, { upstream: 'spare', model: 'a' }]),
    ).toMatchObject([
      { index: 0, key: 'upstream', rejects: false },
      { index: 2, key: 'upstream', rejects: false },
    ]);
    expect(findings([{ upstream: 'spare', observe: true }, { upstream: 'spare' }])).toEqual([]);
    expect(findings([{ upstream: 'spare' }], ['openai', 'spare'])).toEqual([]);
  });

  it('warns of an entry for refusals alone where nothing refuses', () => {
    expect(findings([{ upstream: 'spare', on: [] }], ['openai'], false)).toMatchObject([{ key: 'on', rejects: false }]);
    expect(findings([{ upstream: 'spare', on: [] }], ['openai'], true)).toEqual([]);
  });

  it('leaves a name that leads nowhere to others, and a set that no route uses alone', () => {
    expect(findings([{ upstream: 'nowhere' }])).toEqual([]);
    expect(findings([{ upstream: 'anthropic' }], [])).toEqual([]);
  });
});

it('names every move that the entries can make, for metrics', () => {
  const entries = fallbackSettings.parse([{ model: 'a' }, { upstream: 'spare' }]);

  expect(fallbackMoves(entries, 'openai')).toEqual([
    { from: 'openai', to: 'openai/a' },
    { from: 'openai', to: 'spare' },
    { from: 'openai/a', to: 'spare' },
  ]);
});
