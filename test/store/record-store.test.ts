import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { openRecords } from '../../src/store/record-store.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

async function open(path: string) {
  const { records, read, aside } = await openRecords(path, systemClock);
  onTestFinished(() => records.close());
  const known = (await read()).map(({ value, ...key }) => ({ ...key, value: JSON.parse(value) as unknown }));
  return { records, known, aside };
}

const one = { kind: 'incident', id: 'a', value: { text: 'ü' } };

describe('records', () => {
  it('are there again at the next start, the last value of each', async () => {
    const path = join(temporaryDirectory(), 'deep', 'state.db');
    const { records, known } = await open(path);
    expect([known, records.health()]).toEqual([[], { persistent: true }]);
    expect(await records.commit([one, { kind: 'incident', id: 'b', value: 1 }])).toBe(true);
    await Promise.all([
      records.commit([{ kind: 'incident', id: 'a', value: 2 }]),
      records.commit([{ kind: 'group', id: 'a', value: 3 }]),
      records.commit([{ kind: 'incident', id: 'b' }]),
    ]);
    await records.close();
    const again = await open(path);
    expect(again.known.toSorted((x, y) => x.kind.localeCompare(y.kind))).toEqual([
      { kind: 'group', id: 'a', value: 3 },
      { kind: 'incident', id: 'a', value: 2 },
    ]);
  });

  it('are readable by their owner alone', async () => {
    const path = join(temporaryDirectory(), 'state.db');
    await open(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('belong to one process: a second one says so and goes on in memory, until the first has gone', async () => {
    const path = join(temporaryDirectory(), 'state.db');
    const first = await open(path);
    const second = await open(path);
    expect(second.records.health()).toEqual({ persistent: false, reason: `another sidecar has ${path}` });
    expect(await second.records.commit([one])).toBe(false);
    expect(await first.records.commit([one])).toBe(true);
    await first.records.close();
    expect((await open(path)).known).toEqual([one]);
  });

  it('begin anew beside a damaged file, which is kept', async () => {
    const place = temporaryDirectory();
    const path = join(place, 'state.db');
    writeFileSync(path, 'this is no database, and was not one ever'.repeat(200));
    const { records, aside } = await open(path);
    expect(await records.commit([one])).toBe(true);
    expect(aside).toMatch(/state\.db\.corrupt-\d+$/);
    expect(readdirSync(place).filter((name) => name.includes('corrupt'))).toHaveLength(1);
  });

  it('are in memory alone where no file can be', async () => {
    const place = temporaryDirectory();
    writeFileSync(join(place, 'file'), '');
    const { records } = await open(join(place, 'file', 'state.db'));
    expect(records.health()).toMatchObject({ persistent: false });
    expect(await records.commit([one])).toBe(false);
  });

  it('say so while the file is full, and are written when there is room again', async () => {
    const path = join(temporaryDirectory(), 'state.db');
    const { records } = await open(path);
    const large = { kind: 'incident', id: 'large', value: 'x'.repeat(70 * 1024 ** 2) };
    expect(await records.commit([large, one])).toBe(false);
    expect(records.health()).toMatchObject({ persistent: false, reason: 'database or disk is full' });
    // Nobody waits meanwhile.
    expect(await records.commit([{ kind: 'incident', id: 'b', value: 1 }])).toBe(false);
    await records.commit([{ kind: 'incident', id: 'large' }]);
    await expect.poll(() => records.health(), { timeout: 10_000 }).toEqual({ persistent: true });
    await records.close();
    expect((await open(path)).known.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
  });
});
