import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { loadAgain } from '../../src/config/load-again.ts';
import { type ConfigWatcher, type WatchTimes, watchConfig } from '../../src/config/watch-config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { least } from './load-text.ts';

const quick: WatchTimes = { settleMs: 10, goneMs: 100, lookEveryMs: 60_000 };

interface Watching {
  watcher: ConfigWatcher;
  /** What came of each reload: the drain timeout of the configuration, or `rejected`. */
  reloads: (number | 'rejected')[];
  /** Waits until there have been so many. */
  readonly reloaded: (count: number) => Promise<void>;
}

/** A configuration that is told from others by a number. */
function text(drainMs: number, more = ''): string {
  return `${least}drainTimeout: ${drainMs}ms\n${more}`;
}

function drainMs({ drainTimeout }: Config): number {
  return drainTimeout;
}

function watching(file: string, times: Partial<WatchTimes> = {}): Watching {
  const request = { config: file, environment: {}, directory: '/' };
  const loaded = loadConfig(request);
  const reloads: Watching['reloads'] = [];
  const waits: (() => void)[] = [];
  const watcher = watchConfig({
    files: loaded.files,
    clock: systemClock,
    times: { ...quick, ...times },
    reload() {
      const result = loadAgain(request, loaded.files);
      reloads.push(result.ok ? drainMs(result.config) : 'rejected');
      for (const wait of waits.splice(0)) wait();
      return result.files;
    },
  });
  onTestFinished(() => watcher.close());
  const reloaded = async (count: number) => {
    while (reloads.length < count) await new Promise<void>((resolve) => waits.push(resolve));
  };
  return { watcher, reloads, reloaded };
}

function fileWith(content: string): string {
  const file = join(temporaryDirectory(), 'outrigger.yaml');
  writeFileSync(file, content);
  return file;
}

/** As editors save: into another file that then takes the name. */
function saveByRename(file: string, content: string): void {
  writeFileSync(`${file}~`, content);
  renameSync(`${file}~`, file);
}

/** As the kubelet mounts a ConfigMap: the file is a link into a directory that a link leads to, which is replaced as a whole. */
class ConfigMap {
  readonly directory = temporaryDirectory();
  readonly file = join(this.directory, 'outrigger.yaml');
  #version = 0;

  constructor(content: string) {
    this.publish(content);
    symlinkSync('..data/outrigger.yaml', this.file);
  }

  publish(content: string, keepsOld = false): void {
    const before = join(this.directory, `..v${this.#version}`);
    this.#version += 1;
    const now = `..v${this.#version}`;
    mkdirSync(join(this.directory, now));
    writeFileSync(join(this.directory, now, 'outrigger.yaml'), content);
    symlinkSync(now, join(this.directory, '..data_tmp'));
    renameSync(join(this.directory, '..data_tmp'), join(this.directory, '..data'));
    if (!keepsOld) rmSync(before, { recursive: true, force: true });
  }
}

/** How many directories this process watches, as Linux tells. */
function watches(): number {
  const told = readdirSync('/proc/self/fdinfo').map((descriptor) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    } catch {
      return '';
    }
  });
  return told.join('').split('inotify wd:').length - 1;
}

const onLinux = process.platform === 'linux';

describe('a configuration file that is watched', () => {
  it('is read again each time it is written to', async () => {
    const file = fileWith(text(1));
    const { reloads, reloaded } = watching(file);
    writeFileSync(file, text(2));
    await reloaded(1);
    writeFileSync(file, text(3));
    await reloaded(2);
    expect(reloads).toEqual([2, 3]);
  });

  it('is read again each time another file takes its name', async () => {
    const file = fileWith(text(1));
    const { reloads, reloaded } = watching(file);
    for (const next of [2, 3, 4]) {
      saveByRename(file, text(next));
      await reloaded(next - 1);
    }
    expect(reloads).toEqual([2, 3, 4]);
  });

  it('is read again each time a ConfigMap is swapped', async () => {
    const map = new ConfigMap(text(1));
    const { reloads, reloaded } = watching(map.file);
    for (const next of [2, 3, 4, 5]) {
      map.publish(text(next));
      await reloaded(next - 1);
    }
    expect(reloads).toEqual([2, 3, 4, 5]);
  });

  it.runIf(onLinux)('lets the directories go that a ConfigMap no longer leads to', async () => {
    const before = watches();
    const map = new ConfigMap(text(1));
    const { reloaded } = watching(map.file);
    for (let next = 2; next < 10; next += 1) {
      map.publish(text(next), true);
      await reloaded(next - 1);
    }
    // Its own, the one that its link leads to, and at most one that is about to be let go.
    expect(watches() - before).toBeGreaterThanOrEqual(1);
    expect(watches() - before).toBeLessThanOrEqual(3);
  });

  it('is read again when the file that it is a link to has changed, in another directory', async () => {
    const target = fileWith(text(1));
    const link = join(temporaryDirectory(), 'outrigger.yaml');
    symlinkSync(target, link);
    const { reloads, reloaded } = watching(link);
    writeFileSync(target, text(2));
    await reloaded(1);
    saveByRename(target, text(3));
    await reloaded(2);
    expect(reloads).toEqual([2, 3]);
  });

  it('is read again when its directory has been replaced as a whole', async () => {
    const directory = join(temporaryDirectory(), 'etc');
    mkdirSync(directory);
    const file = join(directory, 'outrigger.yaml');
    writeFileSync(file, text(1));
    const { reloads, reloaded } = watching(file, { lookEveryMs: 20 });
    for (const next of [2, 3]) {
      renameSync(directory, `${directory}-${next}`);
      mkdirSync(directory);
      writeFileSync(file, text(next));
      await reloaded(next - 1);
    }
    expect(reloads).toEqual([2, 3]);
  });

  it('is looked at from time to time, for changes that the system does not tell of', async () => {
    const [first, second] = [fileWith(text(1)), fileWith(text(2))];
    const [link, between] = [join(temporaryDirectory(), 'outrigger.yaml'), join(temporaryDirectory(), 'between')];
    symlinkSync(first, between);
    symlinkSync(between, link);
    const { reloads, reloaded } = watching(link, { lookEveryMs: 20 });
    symlinkSync(second, `${between}~`);
    renameSync(`${between}~`, between);
    await reloaded(1);
    expect(reloads).toEqual([2]);
  });

  it('is not read again where its content is as it was: touched, saved again, gone for a moment', async () => {
    const file = fileWith(text(1));
    const { reloads, reloaded } = watching(file);
    utimesSync(file, 1, 1);
    saveByRename(file, text(1));
    rmSync(file);
    writeFileSync(file, '');
    writeFileSync(file, text(1));
    // Whatever was to come of that comes before what comes of this.
    const other = join(file, '..', 'other.yaml');
    writeFileSync(other, text(1));
    const { reloaded: otherReloaded } = watching(other);
    writeFileSync(other, text(9));
    await otherReloaded(1);
    expect(reloads).toEqual([]);
    writeFileSync(file, text(2));
    await reloaded(1);
    expect(reloads).toEqual([2]);
  });

  it('is told to be gone once, and is back when it is back', async () => {
    const file = fileWith(text(1));
    const { reloads, reloaded } = watching(file, { lookEveryMs: 10 });
    rmSync(file);
    await reloaded(1);
    // Time for many a look.
    writeFileSync(`${file}.other`, text(1));
    const { reloaded: otherReloaded } = watching(`${file}.other`, { goneMs: 200 });
    rmSync(`${file}.other`);
    await otherReloaded(1);
    expect(reloads).toEqual(['rejected']);
    writeFileSync(file, text(2));
    await reloaded(2);
    expect(reloads).toEqual(['rejected', 2]);
  });

  it('is read once while it is wrong, and again when it is corrected', async () => {
    const file = fileWith(text(1));
    const { reloads, reloaded } = watching(file);
    writeFileSync(file, 'routes: 1\n');
    await reloaded(1);
    writeFileSync(file, text(2));
    await reloaded(2);
    expect(reloads).toEqual(['rejected', 2]);
  });

  it('is read again although there is no end of changes around it', async () => {
    const file = fileWith(text(1));
    const { reloads, reloaded } = watching(file);
    let over = false;
    const noise = (async () => {
      for (let line = 0; !over; line += 1) {
        writeFileSync(join(file, '..', 'log'), `line ${line}\n`, { flag: 'a' });
        await new Promise(setImmediate);
      }
    })();
    writeFileSync(file, text(2));
    await reloaded(1);
    over = true;
    await noise;
    expect(reloads).toEqual([2]);
  });

  it('is not missed where it changes between its reading and the first look', async () => {
    const file = fileWith(text(1));
    const { files } = loadConfig({ config: file, environment: {}, directory: '/' });
    writeFileSync(file, text(2));
    const reloaded = Promise.withResolvers<void>();
    const reload = () => {
      reloaded.resolve();
      return files;
    };
    const watcher = watchConfig({ files, clock: systemClock, times: quick, reload });
    onTestFinished(() => watcher.close());
    await reloaded.promise;
  });
});

describe('files that a configuration takes values from', () => {
  it('are watched as well, also those that are named later, and those that are not there yet', async () => {
    const file = fileWith(text(1, 'admin: { token: "file:secrets/token" }\n'));
    const secrets = join(file, '..', 'secrets');
    mkdirSync(secrets);
    writeFileSync(join(secrets, 'token'), 'one');
    const { reloads, reloaded } = watching(file);
    saveByRename(join(secrets, 'token'), 'two');
    await reloaded(1);
    writeFileSync(file, text(2, 'admin: { token: "file:secrets/other" }\n'));
    await reloaded(2);
    saveByRename(join(secrets, 'other'), 'three');
    await reloaded(3);
    saveByRename(join(secrets, 'other'), 'four');
    await reloaded(4);
    expect(reloads).toEqual([1, 'rejected', 2, 2]);
  });
});

describe('the watch', () => {
  it('reloads at once when it is told to, changed or not', () => {
    const file = fileWith(text(1));
    const { reloads, watcher } = watching(file);
    watcher.reload();
    writeFileSync(file, text(2));
    watcher.reload();
    expect(reloads).toEqual([1, 2]);
  });

  it.runIf(onLinux)('leaves nothing open when it is closed, at whatever moment', async () => {
    const before = watches();
    const file = fileWith(text(1));
    const early = watching(file);
    early.watcher.close();
    const { watcher, reloaded } = watching(file);
    writeFileSync(file, text(2));
    await reloaded(1);
    expect(watches()).toBeGreaterThan(before);
    watcher.close();
    expect(watches()).toBe(before);
    expect(early.reloads).toEqual([]);
  });

  it('does not read twice what is no regular file: it would wait for a pipe', () => {
    const pipe = '/dev/null';
    const files = new Map([[pipe, undefined]]);
    expect(loadAgain({ config: pipe, environment: {}, directory: '/' }, files)).toEqual({
      ok: false,
      problems: [{ file: pipe, path: [], message: 'this is no regular file and can be read only once' }],
      files,
    });
  });

  it('goes on after a bug in the reader', () => {
    const file = fileWith(text(1, 'admin: { token: "$'.concat('{TOKEN}" }\n')));
    const environment = {
      get TOKEN(): string {
        throw new TypeError('a bug');
      },
    };
    const known = new Map([[file, 'digest']]);
    expect(loadAgain({ config: file, environment, directory: '/' }, known)).toEqual({
      ok: false,
      problems: [{ file, path: [], message: 'cannot be read, by a bug of the sidecar: a bug' }],
      files: new Map([[file, undefined]]),
    });
  });
});
