import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { selectedMetrics } from '../../grafana/verify/promql-tree.ts';
import { loadConfigText } from '../../src/config/load.ts';
import type { EventKind } from '../../src/core/event.ts';
import { counters, gauges, histograms } from '../../src/telemetry/names.ts';
import { runCommand } from '../kit/run-command.ts';

const root = resolve(import.meta.dirname, '../..');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownBelow('docs')].map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}));
const scripts: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

function markdownBelow(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.md')).map((file) => join(folder, file));
}

/** The contents of fenced blocks in a language, with the line that each begins on. */
function blocks(text: string, language: string): { line: number; block: string }[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map((match) => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    block: match[1] ?? '',
  }));
}

/** Targets of links that are no URLs and no anchors of the same page, relative to the root. */
function linkTargets(path: string, text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  return targets
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .map((target) => relative(root, resolve(root, dirname(path), target.split('#', 1)[0] ?? '')));
}

/** Calls of the program that a text shows: what stands behind its name. */
function callsOfProgram(text: string): string[] {
  const inLine = [...text.matchAll(/`(?:npx )?outrigger ([^`]+)`/g)];
  const inBlocks = blocks(text, 'sh').flatMap(({ block }) => [...block.matchAll(/^(?:npx )?outrigger ([^#\n]+)/gm)]);
  return [...inLine, ...inBlocks].map(([, call]) => (call ?? '').trim());
}

/** What in a call the program does not know. */
function unknownIn(call: string, help: string): string[] {
  const [command = '', ...rest] = call.split(/\s+/);
  const flags = rest.filter((word) => word.startsWith('--')).map((word) => word.split('=', 1)[0] ?? '');
  return [`  ${command} `, ...flags.map((flag) => `${flag} `)].filter((word) => !help.includes(word));
}

/** Scripts that a text tells its reader to run. */
function scriptsNamed(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, own]) => run ?? own ?? '');
}

describe('the documentation', () => {
  it('has configurations that load, without a warning', () => {
    const configurations = pages.flatMap(({ path, text }) => blocks(text, 'ya?ml').map((found) => ({ path, ...found })));
    expect(configurations.length).toBeGreaterThanOrEqual(5);
    for (const { path, line, block } of configurations) {
      const { warnings } = loadConfigText(block);
      expect(
        warnings.map(({ message }) => message),
        `${path}:${line}`,
      ).toEqual([]);
    }
  });

  it('names only npm scripts that there are', () => {
    const named = pages.flatMap(({ text }) => scriptsNamed(text));
    expect(named).toEqual(expect.arrayContaining(['start', 'test', 'check', 'e2e', 'bench']));
    expect(Object.keys(scripts as object)).toEqual(expect.arrayContaining([...new Set(named)]));
  });

  it('shows only commands and options that the program has', async () => {
    const calls = pages.flatMap(({ text }) => callsOfProgram(text));
    expect(calls).toEqual(expect.arrayContaining(['check', 'demo --for 10m', 'agents', 'alert test ops']));
    const { stdout: help } = await runCommand(['--help'], { cwd: root });
    expect(calls.filter((call) => unknownIn(call, help).length > 0)).toEqual([]);
    expect(unknownIn('strat --port 1', help)).toEqual(['  strat ', '--port ']);
  });

  it('has queries that Prometheus can read', () => {
    const queries = pages.flatMap(({ text }) => blocks(text, 'promql').map(({ block }) => block.trim()));
    expect(queries.length).toBeGreaterThan(2);
    for (const query of queries) expect(() => selectedMetrics(query), query).not.toThrow();
    expect(() => selectedMetrics('sum by (rate(x[1m])')).toThrow();
  });

  it('links only to files that there are', () => {
    const targets = pages.flatMap(({ path, text }) => linkTargets(path, text));
    expect(targets.length).toBeGreaterThan(8);
    expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });

  it('names only metrics that there are, with labels that they have', () => {
    const families = new Map(
      [...Object.values(counters), ...Object.values(gauges), ...Object.values(histograms)].map(({ name, labels }) => [
        name as string,
        labels,
      ]),
    );
    const named = pages.flatMap(({ text }) => [...text.matchAll(/\b(outrigger_\w+)(?:\{([^}]*)\})?/g)]);
    expect(named.length).toBeGreaterThan(15);
    for (const [all, name = '', labels] of named) {
      expect([...families.keys()], all).toContain(name);
      const labelNames = labels?.split(',').map((label) => label.split('=', 1)[0]?.trim()) ?? [];
      expect(families.get(name), all).toEqual(expect.arrayContaining(labelNames));
    }
  });

  it('names only events that there are', () => {
    const kinds = {
      timeout: true,
      'stream-broken': true,
      retry: true,
      'retry-given-up': true,
      circuit: true,
      'circuit-refused': true,
      'bulkhead-waited': true,
      'bulkhead-rejected': true,
      fallback: true,
      'fallback-exhausted': true,
      'target-skipped': true,
      translated: true,
      cache: true,
      degraded: true,
      'loop-detected': true,
      'agent-paused': true,
      'fault-injected': true,
      'prompt-adjusted': true,
      validated: true,
    } satisfies Partial<Record<EventKind, true>>;
    const page = pages.find(({ path }) => path === join('docs', 'policies.md'));
    const lines = [...(page?.text.matchAll(/^- Events: (.*)\.$/gm) ?? [])].flatMap(([, line]) => [...(line ?? '').matchAll(/`([^`]+)`/g)]);
    expect(new Set(lines.map(([, kind]) => kind))).toEqual(new Set(Object.keys(kinds)));
  });

  it('would be caught with a script, a link or a key that does not exist', () => {
    expect(scriptsNamed('run `npm run nothing`, then `npm test`')).toEqual(['nothing', 'test']);
    expect(linkTargets('docs/page.md', '[a](../README.md#top) [b](gone.md) [c](https://example.org) [d](#here)')).toEqual([
      'README.md',
      'docs/gone.md',
    ]);
    expect(blocks('text\n```yaml\na: 1\n```\n', 'ya?ml')).toEqual([{ line: 3, block: 'a: 1\n' }]);
    expect(() => loadConfigText('upstreams: {}\nnothing: 1\n')).toThrow();
  });
});
