// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { least, load, problemLines, valid, withPolicy } from './load-text.ts';

const header = (value: string) =>
  `upstreams:\n  a:\n    url: http://x\n    headers:\n      x-a: ${value}\nroutes: [{ path: /, upstream: a }]\n`;

function headerWith(value: string, environment: Record<string, string>): string | undefined {
  return valid(header(value), environment).config.upstreams['a']?.headers['x-a'];
}

describe('references to the environment', () => {
  it.each([
    ['${A}', { A: 'one' }, 'one'],
    ['Bearer ${A}', { A: 'one' }, 'Bearer one'],
    ['${A}${B}-${A}', { A: '1', B: '2' }, '12-1'],
    ['"${A:-x y}"', {}, 'x y'],
    ['"${A:-x y}"', { A: '' }, 'x y'],
    ['"${A:-x y}"', { A: 'z' }, 'z'],
    ['a${A:-}b', {}, 'ab'],
    ['a${A}b', { A: '' }, 'ab'],
    ['$${A}', { A: 'one' }, '${A}'],
    ['$A and $', { A: 'one' }, '$A and $'],
    ['${A}', { A: '${B}', B: 'no' }, '${B}'],
    ['${A}', { A: 'file:/etc/hostname' }, 'file:/etc/hostname'],
    ['${A}', { A: '"} , {[' }, '"} , {['],
  ])('%s with %j is %s', (written, environment, read) => {
    expect(headerWith(written, environment as Record<string, string>)).toBe(read);
  });

  it('must be set, or have a default', () => {
    expect(problemLines(load(header('${MISSING}')))).toEqual([
      '5:12 upstreams.a.headers.x-a: the environment variable MISSING is not set; set it or give a default: ${MISSING:-…}',
    ]);
  });

  it('is said to be missing, and nothing more about the value', () => {
    expect(problemLines(load(header('ok').replace('http://x', '${MISSING}')))).toEqual([
      '3:10 upstreams.a.url: the environment variable MISSING is not set; set it or give a default: ${MISSING:-…}',
    ]);
  });

  it.each(['${}', '${1A}', '${A', '${A:?no}', '${A:-${B}}', '${a-b}'])('%s is refused as none', (written) => {
    expect(problemLines(load(header(`"${written}"`), { A: '1', B: '2' }))).toEqual([
      '5:12 upstreams.a.headers.x-a: expected ${NAME} or ${NAME:-default}, and $${ for a plain ${',
    ]);
  });

  it('gives numbers and truth values where they are wanted, and a text of digits where a text is', () => {
    const text = `responseHeaders: \${FLAG}\nadmin: { token: "\${TOKEN}" }\n${withPolicy('retry: { attempts: "${N:-4}" }')}`;
    const { config } = valid(text, { FLAG: 'false', TOKEN: '1234567890123456' });
    expect(config.responseHeaders).toBe(false);
    expect(config.policies['p']?.retry?.attempts).toBe(4);
    expect(config.admin.token).toBe('1234567890123456');
    expect(problemLines(load(text, { FLAG: 'yes', TOKEN: 'x', N: '11' }))).toEqual([
      '1:18 responseHeaders: expected true or false, not a text',
      '7:24 policies.p.retry.attempts: expected at most 10',
    ]);
  });

  it('are not looked for in keys', () => {
    expect(problemLines(load(`${least}"\${A}": 1\n`, { A: 'listen' }))).toEqual([expect.stringMatching(/^3:1 \["\$\{A\}"\]: unknown key/)]);
  });

  it('are held against the schema like any value, without being shown', () => {
    const result = load(header('ok').replace('http://x', '${URL}'), { URL: 'ftp://canary' });
    expect(problemLines(result)).toEqual([
      '3:10 upstreams.a.url: expected an http:// or https:// URL without credentials, query or fragment, or simulated:',
    ]);
    expect(JSON.stringify(result)).not.toContain('canary');
  });
});

describe('values from files', () => {
  function withSecret(content: string | Uint8Array, written = 'file:secrets/key'): ReturnType<typeof load> {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'secrets'));
    writeFileSync(join(directory, 'secrets/key'), content);
    writeFileSync(join(directory, 'c.yaml'), header(written.replace('DIRECTORY', directory)));
    return loadConfig({ config: join(directory, 'c.yaml'), environment: { DIR: 'secrets' }, directory: '/' });
  }

  it.each([
    ['abc', 'abc'],
    ['abc\n', 'abc'],
    ['abc\r\n', 'abc'],
    ['a ${DIR}\n', 'a ${DIR}'],
  ])('%j is read as %j', (content, value) => {
    const result = withSecret(content);
    expect(result.ok && result.config.upstreams['a']?.headers['x-a']).toBe(value);
  });

  it('are found by an absolute path, and by one with a reference in it', () => {
    for (const written of ['file:DIRECTORY/secrets/key', 'file:${DIR}/key']) {
      const result = withSecret('abc', written);
      expect(result.ok && result.config.upstreams['a']?.headers['x-a']).toBe('abc');
    }
  });

  it.each([
    ['', 'file:secrets/key', 'the file to read the value from is empty'],
    ['x', 'file:secrets/none', 'the file to read the value from: there is no such file'],
    ['x', 'file:secrets', 'the file to read the value from is not a regular file'],
    ['x', 'file:/dev/zero', 'the file to read the value from is not a regular file'],
    ['x'.repeat(70_000), 'file:secrets/key', 'the file to read the value from is larger than 64 KB'],
    [Buffer.from([0xff]), 'file:secrets/key', 'the file to read the value from is not UTF-8'],
    ['a\nb', 'file:secrets/key', 'expected a header value without control characters'],
  ])('are refused where they are of no use (%#)', (content, written, message) => {
    expect(problemLines(withSecret(content, written))).toEqual([`5:12 upstreams.a.headers.x-a: ${message}`]);
  });
});
