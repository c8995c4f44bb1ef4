import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/proxy/request-target.ts';

const own = (authority: string) => authority === '127.0.0.1:4141';

describe('a request target', () => {
  it.each([
    ['/v1/chat', '/v1/chat', undefined],
    ['/@planner/openai/v1', '/openai/v1', 'planner'],
    ['/@Planner', '/', 'planner'],
    ['/@a.b-c_1?x=1', '/?x=1', 'a.b-c_1'],
    ['http://127.0.0.1:4141/v1?x', '/v1?x', undefined],
    ['http://127.0.0.1:4141', '/', undefined],
    ['http://127.0.0.1:4141?x', '/?x', undefined],
    ['//evil.example/v1', '//evil.example/v1', undefined],
    ['*', '*', undefined],
  ])('%s is the path %s', (target, path, agent) => {
    expect(parseTarget(target, own)).toEqual({ kind: 'path', path, agent });
  });

  it.each([
    'http://evil.example/v1',
    'http://127.0.0.1:4141@evil.example/',
    'https://evil.example',
    'ftp://127.0.0.1:4141/',
    'evil.example:443',
    '/a#b',
    '/@/openai',
    '/@no spaces/x',
    '/@ünïcode/x',
    `/@${'a'.repeat(65)}/x`,
    '/a\tb',
    '',
  ])('%s is refused', (target) => {
    expect(parseTarget(target, own)).toMatchObject({ kind: 'refused', code: 'bad_request' });
  });
});
