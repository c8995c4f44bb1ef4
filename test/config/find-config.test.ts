import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, loadConfigText } from '../../src/config/load.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { least } from './load-text.ts';

describe('the configuration is sought', () => {
  it('by --config, then $OUTRIGGER_CONFIG, then ./outrigger.yaml, then in the package', () => {
    const directory = temporaryDirectory();
    for (const name of ['option.yaml', 'variable.yaml']) writeFileSync(join(directory, name), least);
    const fileOf = (config: string | undefined, environment: Record<string, string>) => {
      const result = loadConfig({ config, environment, directory });
      return result.ok ? result.file : undefined;
    };
    const variable = { OUTRIGGER_CONFIG: 'variable.yaml' };
    expect(fileOf(undefined, { OUTRIGGER_CONFIG: '' })).toBe(resolve(import.meta.dirname, '../../config/outrigger.yaml'));
    writeFileSync(join(directory, 'outrigger.yaml'), least);
    expect(fileOf('option.yaml', variable)).toBe(join(directory, 'option.yaml'));
    expect(fileOf(undefined, variable)).toBe(join(directory, 'variable.yaml'));
    expect(fileOf(undefined, {})).toBe(join(directory, 'outrigger.yaml'));
  });

  it('nowhere else if what was named is not there', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'outrigger.yaml'), least);
    const result = loadConfig({ environment: { OUTRIGGER_CONFIG: 'none.yaml' }, directory });
    expect(result).toMatchObject({ ok: false, problems: [{ file: 'none.yaml', message: 'there is no such file' }] });
  });
});

describe('flags', () => {
  const directory = '/';
  const environment = {};

  it('take the place of the addresses of the file, also of a TLS listener', () => {
    const { config } = loadConfigText(`${least}listen: 127.0.0.1:1\n`);
    expect(config.listen.address).toBe('127.0.0.1:1');
    const folder = temporaryDirectory();
    for (const name of ['c.pem', 'k.pem']) writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'c.yaml'), `${least}listen: { address: 127.0.0.1:1, cert: c.pem, key: k.pem }\nadmin: { hosts: [x] }\n`);
    const result = loadConfig({ config: 'c.yaml', listen: '127.0.0.1:2', admin: '127.0.0.1:3', environment, directory: folder });
    expect(result.ok && result.config.listen).toEqual({ address: '127.0.0.1:2', cert: join(folder, 'c.pem'), key: join(folder, 'k.pem') });
    expect(result.ok && result.config.admin).toEqual({ listen: '127.0.0.1:3', hosts: ['x'] });
  });

  it.each([
    [{ listen: 'foo' }, '--listen', 'expected HOST:PORT, such as 127.0.0.1:4141'],
    [{ listen: '127.0.0.1:70000' }, '--listen', 'expected a port from 0 to 65535'],
    [{ admin: ':1' }, '--admin', 'expected HOST:PORT, such as 127.0.0.1:4141'],
    [{ admin: '0.0.0.0:1' }, '--admin', 'an admin port that others can reach needs a token: set admin.token, or listen on 127.0.0.1'],
    [{ upstream: 'ftp://x' }, '--upstream', 'expected an http:// or https:// URL without credentials, query or fragment, or simulated:'],
    [{ upstream: '' }, '--upstream', 'expected an http:// or https:// URL without credentials, query or fragment, or simulated:'],
  ])('are held against the schema: %j', (flags, file, message) => {
    const result = loadConfig({ upstream: 'http://x', ...flags, environment, directory });
    expect(result).toMatchObject({ ok: false, problems: [{ file, message }] });
    expect(!result.ok && result.problems).toHaveLength(1);
  });

  it('can do without any file', () => {
    const result = loadConfig({ upstream: 'simulated:', listen: '127.0.0.1:0', environment, directory });
    expect(result).toMatchObject({ ok: true, file: undefined, config: { listen: { address: '127.0.0.1:0' } } });
  });
});

describe('paths', () => {
  it('start from the directory of the configuration, and are absolute afterwards', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'etc'));
    for (const name of ['ca.pem', 'cert.pem', 'key.pem']) writeFileSync(join(directory, 'etc', name), '');
    const text = `
listen: { address: 127.0.0.1:0, cert: cert.pem, key: ${directory}/etc/key.pem }
upstreams: { a: { url: https://x, tls: { ca: ./ca.pem, cert: missing.pem } } }
routes: [{ path: /, upstream: a }]
`;
    writeFileSync(join(directory, 'etc/c.yaml'), text);
    const load = () => loadConfig({ config: 'etc/c.yaml', environment: {}, directory });
    expect(load()).toMatchObject({ ok: false, problems: [{ file: 'etc/c.yaml', line: 3, column: 62, message: 'there is no such file' }] });
    writeFileSync(join(directory, 'etc/c.yaml'), text.replace(', cert: missing.pem', ''));
    const result = load();
    if (!result.ok) throw new Error('it does not load');
    expect(result.config.listen).toMatchObject({ cert: `${directory}/etc/cert.pem`, key: `${directory}/etc/key.pem` });
    expect(result.config.upstreams['a']?.tls).toEqual({ ca: `${directory}/etc/ca.pem` });
  });

  it.each([
    ['', { HOME: '/home/u' }, '/home/u/.local/state/outrigger'],
    ['', { HOME: '/home/u', XDG_STATE_HOME: '/state' }, '/state/outrigger'],
    ['state: { dir: ~/here }', { HOME: '/home/u', XDG_STATE_HOME: '/state' }, '/home/u/here'],
    ['state: { dir: here }', {}, '/work/here'],
    ['state: { dir: "~x" }', { HOME: '/home/u' }, '/work/~x'],
  ])('state: %j with %j is %s', (line, environment, dir) => {
    expect(
      loadConfigText(`${least}${line}\n`, { environment: environment as Record<string, string>, directory: '/work' }).config.state.dir,
    ).toBe(dir);
  });
});
