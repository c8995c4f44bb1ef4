import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/** Which folder may import from which; `*` is everything. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  settings: ['core'],
  policies: ['core', 'settings'],
  llm: ['core', 'settings'],
  proxy: ['core', 'settings'],
  agents: ['core', 'settings', 'store'],
  alerts: ['core', 'settings', 'store'],
  telemetry: ['core', 'settings'],
  store: ['core', 'settings'],
  admin: ['core', 'settings'],
  simulated: ['core', 'settings'],
  // The schemas of the others, and their types.
  config: ['core', 'settings', 'policies', 'proxy', 'telemetry', 'admin', 'alerts'],
  // Composes, as the files beside it do: the processes of `--workers`.
  cluster: ['*'],
  '.': ['*'],
};

interface Import {
  from: string;
  to: string;
}

/** Every import between two files of ours, with paths relative to the folder. */
function importsBelow(root: string): { files: string[]; imports: Import[] } {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const imports = files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target]) => ({
      from: file,
      to: relative(root, resolve(root, dirname(file), target ?? '')),
    }));
  });
  return { files, imports };
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] as string) : '.';
}

/** The imports that the table forbids. */
function violations(imports: readonly Import[]): Import[] {
  return imports.filter(({ from, to }) => {
    const [own, other] = [folderOf(from), folderOf(to)];
    const allowed = mayImport[own] ?? [];
    return own !== other && !allowed.includes('*') && !allowed.includes(other);
  });
}

describe('the architecture', () => {
  const { files, imports } = importsBelow(src);

  it('finds the files and the imports that it is about to judge', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(100);
    expect(new Set(files.map(folderOf))).toContain('proxy');
  });

  it('knows every folder', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it('lets each folder import only what the table allows', () => {
    expect(violations(imports)).toEqual([]);
  });

  it('would catch a policy that imports the proxy, and the core importing anything', () => {
    expect(violations([{ from: 'policies/retry.ts', to: 'proxy/upstream.ts' }])).toHaveLength(1);
    expect(violations([{ from: 'core/clock.ts', to: 'settings/units.ts' }])).toHaveLength(1);
    expect(violations([{ from: 'policies/retry.ts', to: 'core/clock.ts' }])).toEqual([]);
  });

  it('keeps packages out of the core', () => {
    const packages = files
      .filter((file) => folderOf(file) === 'core')
      .flatMap((file) => [...readFileSync(join(src, file), 'utf8').matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name))
      .filter((name) => !name?.startsWith('node:'));
    expect(packages).toEqual([]);
  });

  it('keeps real clocks and chance out of the policies', () => {
    const timed = files
      .filter((file) => ['policies', 'agents'].includes(folderOf(file)))
      .filter((file) =>
        /\b(Date\.|new Date|setTimeout|setInterval|setImmediate|performance\.|Math\.random)/.test(readFileSync(join(src, file), 'utf8')),
      );
    expect(timed).toEqual([]);
  });

  it('makes no function where it is assigned to a property, as V8 would make it old at once', () => {
    const assigned = /^\s*[\w.#]+\.#?\w+ (\?\?)?= \(?(async )?((\([^()]*\)|\w+)(: [^=]+)? =>|function)/;
    expect('    this.#note = (event) => this.#note(event);').toMatch(assigned);
    expect('    body.onEnd = async function () {').toMatch(assigned);
    const onThePath = files.filter((file) => ['core', 'policies', 'llm', 'proxy', 'telemetry'].includes(folderOf(file)));
    const found = onThePath.flatMap((file) =>
      readFileSync(join(src, file), 'utf8')
        .split('\n')
        .filter((line) => assigned.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });

  it('keeps every file below 300 lines', () => {
    expect(files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 301)).toEqual([]);
  });
});
