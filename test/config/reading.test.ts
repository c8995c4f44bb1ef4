// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { least, load, problemLines, valid } from './load-text.ts';

describe('reading a configuration', () => {
  it('takes a byte order mark, Windows line ends, comments and JSON', () => {
    expect(valid(`\ufeff${least}`).config.routes).toHaveLength(1);
    expect(valid(`# a\r\n${least.replaceAll('\n', '\r\n')}`).config.upstreams['a']?.url).toBe('http://127.0.0.1:9');
    expect(
      valid(JSON.stringify({ upstreams: { a: { url: 'http://x' } }, routes: [{ path: '/', upstream: 'a' }] })).config.routes,
    ).toHaveLength(1);
  });

  it.each([
    ['', 'undefined:undefined : the configuration is empty; it needs upstreams and routes at least'],
    ['# only a comment\n', 'undefined:undefined : the configuration is empty; it needs upstreams and routes at least'],
    ['---\n', 'undefined:undefined : the configuration is empty; it needs upstreams and routes at least'],
    ['just a text\n', '1:1 : expected a mapping of keys to values, not a text'],
    ['- a\n', '1:1 : expected a mapping of keys to values, not a list'],
    [`${least}---\na: 1\n`, '3:1 : a second document starts here; a configuration is one document'],
    ['routes:\n\t- path: /a\n', '2:1 : a tab cannot indent; use spaces'],
    [`${least}listen: "127.0.0.1:0\n# and on\n`, '3:9 : missing closing "quote'],
    ['routes: [ {path: /a\n', '1:11 : flow map in block collection must be sufficiently indented and end with a }'],
    ['a:1\nb: 2\n', '1:1 : this is no `key: value`; is a space missing after a colon?'],
    ['a: b: c\n', '1:4 : a second `: ` in one line; put the value in quotes'],
    [
      'a: { b: ${X} }\n',
      '1:10 : unexpected flow-map-start at node end; inside { } and [ ] a reference to the environment must be in quotes',
    ],
  ])('refuses %j', (text, problem) => {
    expect(problemLines(load(text))[0]).toBe(problem);
  });

  it('refuses keys that stand there twice, at the second one, and looks at the rest all the same', () => {
    expect(problemLines(load(`${least}listen: 127.0.0.1:0\nlisten: 127.0.0.1:0\nlimits: 5\n`))).toEqual([
      '4:1 listen: this key stands here twice',
      '5:9 limits: expected a mapping of keys to values, not a number',
    ]);
    expect(problemLines(load(`${least}agents: { 1: {}, "1": {} }\n`))).toEqual(['3:18 agents.1: this key stands here twice']);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s anywhere, and pollutes nothing', (key) => {
    expect(problemLines(load(`${least}${key}: { polluted: 1 }\n`))).toEqual([`3:1 ${key}: this key is not allowed`]);
    expect(problemLines(load(`${least}policies:\n  p: { "${key}": { polluted: 1 } }\n`))).toEqual([
      `4:8 policies.p.${key}: this key is not allowed`,
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('takes names that every object has for names that are not there', () => {
    const text = 'upstreams: { a: { url: http://x } }\nroutes: [ { path: /, upstream: toString, policy: hasOwnProperty } ]\n';
    expect(problemLines(load(text))).toEqual([
      '2:32 routes[0].upstream: there is no upstream of this name; there are a',
      '2:50 routes[0].policy: there is no policy set of this name; there are no policies',
    ]);
  });

  it.each(['!foo', '!!timestamp', '!!binary', '!!js/function'])('refuses the tag %s', (tag) => {
    expect(problemLines(load(`${least}listen: ${tag} "127.0.0.1:0"\n`))).toEqual(['3:9 : tags are not allowed here']);
  });

  it('refuses merge keys and keys that are no names', () => {
    expect(problemLines(load(`${least}policies: { p: { <<: { retry: {} } } }\n`))).toEqual([
      '3:18 policies.p["<<"]: merge keys are not part of YAML 1.2; write the keys out',
    ]);
    expect(problemLines(load(`${least}? [a]\n: 1\n`))).toEqual(['3:3 : a key must be a plain name; is a text with braces not in quotes?']);
  });

  it('reads YAML 1.2 whatever the document says: yes is a text and 010 is ten', () => {
    const text = `%YAML 1.1\n---\n${least}agents: { a: { keys: [yes] } }\nlimits: { connections: 010 }\n`;
    const { config } = valid(text);
    expect(config.agents['a']?.keys).toEqual(['yes']);
    expect(config.limits.connections).toBe(10);
  });

  it('follows anchors and aliases', () => {
    const { config } = valid(`${least}policies:\n  p: { retry: &r { attempts: 5 } }\n  q: { retry: *r }\n`);
    expect(config.policies['q']?.retry?.attempts).toBe(5);
    expect(problemLines(load(`${least}listen: *nowhere\n`))).toEqual(['3:9 listen: no anchor of this name stands before it']);
  });

  it('refuses a YAML bomb in no time', () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) =>
        `a${level}: &a${level} [${
          level === 0
            ? 'x'
            : Array(9)
                .fill(`*a${level - 1}`)
                .join(', ')
        }]`,
    );
    const startedMs = performance.now();
    expect(problemLines(load(levels.join('\n'))).at(-1)).toMatch(/there are more than 100 aliases$/);
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  it('refuses an alias to what it stands in', () => {
    expect(problemLines(load('a: &a { b: *a }\n')).at(-1)).toMatch(/nested more than 32 levels deep$/);
  });

  it('refuses deep nesting, however deep', () => {
    for (const text of ['['.repeat(200_000), '{a: '.repeat(100_000), `${'['.repeat(3000)}${']'.repeat(3000)}`]) {
      expect(problemLines(load(text))[0]).toMatch(/nested too deeply|nested more than 32 levels deep/);
    }
    const blocks = Array.from({ length: 800 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    expect(problemLines(load(blocks))[0]).toMatch(/nested too deeply|nested more than 32 levels deep/);
  });

  it('refuses a file with more values than anybody writes', () => {
    expect(problemLines(load(`a: [${'1,'.repeat(150_000)}]`)).at(-1)).toMatch(/there are more than 100000 values$/);
  });

  it('takes many keys in linear time', () => {
    const text = Array.from({ length: 50_000 }, (_, index) => `k${index}: 1`).join('\n');
    const startedMs = performance.now();
    expect(problemLines(load(text)).length).toBeGreaterThan(50_000);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  it('refuses a file above 1 MB, whatever is in it', () => {
    expect(problemLines(load(`${least}${'#'.repeat(1024 * 1024)}`))).toEqual(['undefined:undefined : the file is larger than 1 MB']);
    expect(load(`${least}${'#'.repeat(1024 * 1024 - least.length)}`).ok).toBe(true);
  });

  it('points at the first byte that is not UTF-8', () => {
    const text = Buffer.concat([Buffer.from('a: 1\nb: ü'), Buffer.from([0xe9, 0x20]), Buffer.from('c')]);
    expect(problemLines(load(text))).toEqual(['2:5 : the file is not UTF-8 here']);
    expect(problemLines(load(Buffer.from('\ufeffa: 1\n', 'utf16le')))).toEqual(['1:1 : the file is not UTF-8 here']);
  });

  it('points at control characters', () => {
    expect(problemLines(load('a: 1\nb: x\u0000y\n'))).toEqual(['2:5 : control characters have no place here']);
    expect(problemLines(load('a: "\u001b[31m"\n'))).toEqual(['1:5 : control characters have no place here']);
  });

  it('says why a file cannot be read', () => {
    const directory = temporaryDirectory();
    expect(problemLines(loadConfig({ config: 'none.yaml', environment: {}, directory }))).toEqual([
      'undefined:undefined : there is no such file',
    ]);
    expect(problemLines(loadConfig({ config: '.', environment: {}, directory }))).toEqual([
      'undefined:undefined : this is a directory, not a file',
    ]);
  });

  it('never throws, whatever the text is', () => {
    const pieces = fc.constantFrom(
      'a',
      'routes',
      'upstreams',
      ': ',
      ':\n',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&x ',
      '*x',
      '!',
      '${',
      '|\n',
      '\t',
      '5',
      '#',
      '%',
      '---\n',
      '? ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 30 }), (parts) => {
        const result = load(parts.join(''));
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});
