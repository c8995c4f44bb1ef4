import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { Finding, Path } from './problem.ts';
import { readingFailed } from './read-text.ts';
import type { configSchema } from './schema.ts';
import type { Environment } from './substitute.ts';

type Parsed = z.output<typeof configSchema>;

export interface ResolvedPaths extends Omit<Parsed, 'state'> {
  readonly state: { readonly dir: string };
}

/**
 * Makes every path absolute. Certificates and keys are sought from the configuration's directory and must be readable; the
 * state directory need not exist: `~` is the home, and `$XDG_STATE_HOME/outrigger` or `~/.local/state/outrigger` its default.
 */
export function resolvePaths(parsed: Parsed, environment: Environment, directory: string): { config: ResolvedPaths; findings: Finding[] } {
  const findings: Finding[] = [];
  const readable = <T extends string | undefined>(written: T, path: Path): T | string => {
    if (written === undefined) return written;
    const absolute = resolve(directory, written);
    try {
      accessSync(absolute, constants.R_OK);
    } catch (error) {
      findings.push({ path, at: 'value', message: readingFailed(error) });
    }
    return absolute;
  };
  const { listen, upstreams } = parsed;
  const home = environment['HOME'] || homedir();
  const stateHome = environment['XDG_STATE_HOME'] || join(home, '.local', 'state');
  const stateDirectory = parsed.state.dir?.replace(/^~(?=\/|$)/, home) ?? join(stateHome, 'outrigger');
  const config: ResolvedPaths = {
    ...parsed,
    state: { dir: resolve(directory, stateDirectory) },
    listen:
      listen.cert === undefined
        ? listen
        : { ...listen, cert: readable(listen.cert, ['listen', 'cert']), key: readable(listen.key, ['listen', 'key']) },
    upstreams: Object.fromEntries(
      Object.entries(upstreams).map(([name, upstream]) => {
        const tls = { ...upstream.tls };
        for (const file of ['ca', 'cert', 'key'] as const) {
          if (tls[file] !== undefined) tls[file] = readable(tls[file], ['upstreams', name, 'tls', file]);
        }
        return [name, { ...upstream, tls }];
      }),
    ),
  };
  return { config, findings };
}
