import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './substitute.ts';

export interface FoundConfig {
  /** Absolute. */
  readonly path: string;
  /** As the user wrote it, to be shown. */
  readonly shown: string;
}

/** `--config`, else `$OUTRIGGER_CONFIG`, else `./outrigger.yaml`, else the configuration of the package. The first two need not exist. */
export function findConfig(option: string | undefined, environment: Environment, directory: string): FoundConfig {
  const named = option ?? (environment['OUTRIGGER_CONFIG'] || undefined);
  if (named !== undefined) return { path: resolve(directory, named), shown: named };
  const local = resolve(directory, 'outrigger.yaml');
  if (existsSync(local)) return { path: local, shown: 'outrigger.yaml' };
  const packaged = fileURLToPath(new URL('../../config/outrigger.yaml', import.meta.url));
  const shown = relative(directory, packaged);
  return { path: packaged, shown: shown.startsWith('..') ? packaged : shown };
}
