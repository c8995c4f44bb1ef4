import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { StateStore, type StoreTrouble } from '../../src/store/state-store.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

function storeAt(path: string) {
  const troubles: StoreTrouble[] = [];
  const store = new StateStore(path, systemClock, (trouble) => troubles.push(trouble));
  onTestFinished(() => store.close());
  return { store, troubles };
}

const path = () => join(temporaryDirectory(), 'state', 'state.db');
const [one, two] = [
  { kind: 'pause', id: 'a', value: { text: 'ü' } },
  { kind: 'pause', id: 'b', value: 2 },
];

test('where nothing is written, nothing is made, and nothing is held', async () => {
  const at = path();
  const { store } = storeAt(at);
  expect([await store.load('pause'), await store.stored(), store.health()]).toEqual([[], true, { persistent: true }]);
  expect(existsSync(at)).toBe(false);
  const other = storeAt(at);
  expect(await other.store.put('pause', 'a', 1)).toBe(true);
});

test('what is put is there at the next start, by its kind, without its removed ones, and reading holds nothing', async () => {
  const at = path();
  const first = storeAt(at).store;
  const written = [
    first.put('pause', 'a', one.value),
    first.put('pause', 'b', 1),
    first.put('pause', 'b', 2),
    first.put('release', 'a', 3),
  ];
  expect(await Promise.all([...written, first.put('pause', 'c', 4), first.remove('pause', 'c'), first.stored()])).not.toContain(false);
  expect(await first.load('pause')).toEqual([one, two]);
  await first.close();
  const second = storeAt(at).store;
  expect(await second.load('pause')).toEqual([one, two]);
  expect(await storeAt(at).store.load('release')).toEqual([{ kind: 'release', id: 'a', value: 3 }]);
  expect(await second.load()).toHaveLength(3);
});

test('what was said to be stored is there after a kill', async () => {
  const at = path();
  const source = (file: string) => JSON.stringify(join(import.meta.dirname, '../../src', file));
  const program = `
    const { StateStore } = await import(${source('store/state-store.ts')});
    const { systemClock } = await import(${source('core/clock.ts')});
    setInterval(() => {}, 1000);
    const store = new StateStore(${JSON.stringify(at)}, systemClock, () => {});
    void store.put('pause', 'a', { text: 'ü' });
    void store.put('pause', 'b', 2);
    if (await store.stored()) process.kill(process.pid, 'SIGKILL');
    process.exit(1);`;
  const file = join(temporaryDirectory(), 'program.mjs');
  writeFileSync(file, program);
  const { signal } = spawnSync(process.execPath, [file]);
  expect(signal).toBe('SIGKILL');
  expect(await storeAt(at).store.load('pause')).toEqual([one, two]);
});

test('beside another sidecar it says so, and all goes on without the file', async () => {
  const at = path();
  const first = storeAt(at).store;
  expect(await first.put('pause', 'a', one.value)).toBe(true);
  const { store, troubles } = storeAt(at);
  const reason = `another sidecar has ${at}`;
  expect([await store.load('pause'), store.health(), await store.stored()]).toEqual([[], { persistent: false, reason }, false]);
  expect([await store.put('pause', 'b', 2), await store.stored(), store.health()]).toEqual([false, false, { persistent: false, reason }]);
  expect(troubles).toEqual([{ reason }, { reason }]);
  expect(await first.load()).toEqual([one]);
});

test('a damaged file is put aside at the start, and told of', async () => {
  const damaged = join(temporaryDirectory(), 'state.db');
  writeFileSync(damaged, 'this is no database, and was not one ever'.repeat(200));
  const broken = storeAt(damaged);
  expect([await broken.store.load('pause'), await broken.store.put('pause', 'a', 1)]).toEqual([[], true]);
  expect(broken.troubles).toEqual([{ aside: expect.stringMatching(/state\.db\.corrupt-\d+$/) as string }]);
  expect(readdirSync(join(damaged, '..')).filter((name) => name.includes('corrupt'))).toHaveLength(1);
});

test('where no file can be, that is told when something is to be kept', async () => {
  const place = temporaryDirectory();
  writeFileSync(join(place, 'file'), '');
  const { store, troubles } = storeAt(join(place, 'file', 'state.db'));
  expect([await store.load('pause'), troubles]).toEqual([[], []]);
  expect([await store.put('pause', 'a', 1), await store.stored()]).toEqual([false, false]);
  expect([store.health(), troubles]).toMatchObject([{ persistent: false }, [{ reason: expect.any(String) as string }]]);
});

test('an end that comes while the file is being opened waits for what was put before', async () => {
  const at = path();
  const { store } = storeAt(at);
  void store.put('pause', 'a', one.value);
  await store.close();
  expect(await storeAt(at).store.load()).toEqual([one]);
});

test('after its end it takes nothing more', async () => {
  const at = path();
  const { store } = storeAt(at);
  await store.close();
  expect([await store.put('pause', 'a', 1), existsSync(at)]).toEqual([false, false]);
});
