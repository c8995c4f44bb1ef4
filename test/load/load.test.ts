import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

const load = resolve(import.meta.dirname, '../../load');
const runner = readFileSync(join(load, 'run.sh'), 'utf8');
const names = /^names=\((.*)\)$/m.exec(runner)?.[1]?.split(' ') ?? [];

function run(...args: string[]) {
  const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent' };
  const { status, stderr } = spawnSync(join(load, 'run.sh'), args, { env, encoding: 'utf8' });
  return { status, stderr };
}

describe('the load tests', () => {
  it('are a script each, and no script is left out', () => {
    expect(names).toEqual(['smoke', 'steady', 'spike', 'soak', 'stream', 'chaos']);
    const scripts = readdirSync(load).filter((file) => file.endsWith('.js'));
    expect(scripts.toSorted()).toEqual([...names, 'ask'].map((name) => `${name}.js`).toSorted());
  });

  it.each(names)('%s has thresholds that it can miss', (name) => {
    expect(readFileSync(join(load, `${name}.js`), 'utf8')).toMatch(/thresholds: \{[\s\S]+'(rate|value|p\(95\))[=<>]/);
  });

  it('say how to get k6 where there is none, and do not pass', () => {
    const { status, stderr } = run('smoke');
    expect({ status, tells: stderr.includes('go install go.k6.io/k6@latest') }).toEqual({ status: 2, tells: true });
  });

  it.each([[[]], [['nonsense']], [['smoke', '--fast']]])('refuse %j with the usage', (args) => {
    expect(run(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining('Usage: load/run.sh') });
  });

  it('have a configuration that is sound', () => {
    const config = join(load, 'outrigger.yaml');
    const loaded = loadConfig({ config, environment: { LOAD_PROVIDER: 'http://127.0.0.1:9' }, directory: load });
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
  });
});
