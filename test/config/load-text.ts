import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedConfig, type LoadResult, loadConfig } from '../../src/config/load.ts';
import { formatPath } from '../../src/config/problem.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

/** Loads a configuration from a file `c.yaml` with this content. */
export function load(content: string | Uint8Array, environment: Record<string, string> = {}): LoadResult {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'c.yaml'), content);
  return loadConfig({ config: 'c.yaml', environment, directory });
}

/** Loads a configuration that must be valid. */
export function valid(content: string, environment: Record<string, string> = {}): LoadedConfig {
  const result = load(content, environment);
  if (!result.ok) throw new Error(problemLines(result).join('\n'));
  return result;
}

/** `LINE:COL path: message` of every problem. */
export function problemLines(result: LoadResult): string[] {
  return result.ok ? [] : result.problems.map(({ line, column, path, message }) => `${line}:${column} ${formatPath(path)}: ${message}`);
}

/** `path: message` of every warning. */
export function warningLines({ warnings }: LoadedConfig): string[] {
  return warnings.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

/** One upstream behind one route, with a policy set `p` of these YAML lines. */
export function withPolicy(...lines: string[]): string {
  return [
    'upstreams: { a: { url: http://127.0.0.1:9 } }',
    'routes: [ { path: /a, upstream: a, policy: p } ]',
    'policies:',
    '  p:',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/** `path: message` of every warning of a policy set of these YAML lines, without the path of the set. */
export function policyWarnings(...lines: string[]): string[] {
  return warningLines(valid(withPolicy(...lines))).map((line) => line.replace(/^policies\.p\./, ''));
}

/** A configuration that is valid and says nothing else. */
export const least = 'upstreams: { a: { url: http://127.0.0.1:9 } }\nroutes: [ { path: /a, upstream: a } ]\n';
