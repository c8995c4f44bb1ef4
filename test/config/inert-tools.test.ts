import { describe, expect, it } from 'vitest';
import { load, problemLines, valid, warningLines } from './load-text.ts';

const config = (upstream: string, policy: string, agents = '{}') =>
  [
    `upstreams: { a: { url: http://127.0.0.1:9, ${upstream} } }`,
    'routes: [ { path: /a, upstream: a, policy: p } ]',
    `policies: { p: ${policy} }`,
    `agents: ${agents}`,
    '',
  ].join('\n');
const tools = 'tools: { search: { repeatable: true } }';

describe('rules for single tools', () => {
  it.each(['mcp', 'auto'])('are in force for an upstream of dialect %s behind a route that retries', (dialect) => {
    const loaded = valid(config(`dialect: ${dialect}, ${tools}`, '{ retry: {} }'));
    expect(loaded.config.upstreams['a']?.tools).toEqual({ search: { repeatable: true } });
    expect(warningLines(loaded)).toEqual([]);
  });

  it('are in force where the settings of an agent retry', () => {
    expect(warningLines(valid(config(`dialect: mcp, ${tools}`, '{ deadline: 1m }', '{ planner: { retry: {} } }')))).toEqual([]);
  });

  it('do nothing, and that is said, where calls name no tools', () => {
    expect(warningLines(valid(config(`dialect: http, ${tools}`, '{ retry: {} }')))).toEqual([
      'upstreams.a.tools: does nothing: calls name tools where the dialect is mcp, and here it is http',
    ]);
  });

  it('do nothing, and that is said, where nothing is sent again', () => {
    expect(warningLines(valid(config(`dialect: mcp, ${tools}`, '{ deadline: 1m }')))).toEqual([
      'upstreams.a.tools: does nothing: no policy set of a route to this upstream has retry or fallback',
    ]);
  });

  it('do nothing, and that is said, for an upstream that only fallbacks lead to', () => {
    const text = config('dialect: mcp', '{ fallback: [ { upstream: b } ] }').replace(
      '} }',
      `}, b: { url: http://127.0.0.1:8, dialect: mcp, ${tools} } }`,
    );
    expect(warningLines(valid(text))).toEqual([
      "upstreams.b.tools: does nothing: a call goes by the rules of its route's own upstream, and no route has this one",
    ]);
  });

  it('must say what they rule', () => {
    const problems = problemLines(
      load(config('dialect: mcp, tools: { search: { repeatble: true }, "": { repeatable: 1 } }', '{ retry: {} }')),
    );
    expect(problems.join('\n')).toContain('upstreams.a.tools.search');
    expect(problems.join('\n')).toContain('unknown key, did you mean "repeatable"?');
    expect(problems.join('\n')).toContain('expected the name of a tool');
  });
});
