import { statSync } from 'node:fs';
import type { FilesRead } from './files-read.ts';
import { findConfig } from './find-config.ts';
import { type ConfigRequest, type LoadResult, loadConfig } from './load.ts';

/**
 * The same as `loadConfig` for a sidecar that runs, which must go on whatever comes: a bug in the reader is a problem of the
 * configuration then, and a pipe, which would be waited for, is not read twice. `known` is what was read before.
 */
export function loadAgain(request: ConfigRequest, known: FilesRead): LoadResult {
  const { path, shown } = findConfig(request.config, request.environment, request.directory);
  const file = request.upstream === undefined ? shown : '--upstream';
  const rejected = (message: string): LoadResult => {
    // As the files are seen next they are known.
    return { ok: false, problems: [{ file, path: [], message }], files: new Map([...known.keys()].map((one) => [one, undefined])) };
  };
  try {
    if (request.upstream === undefined && isPipe(path)) return rejected('this is no regular file and can be read only once');
    return loadConfig(request);
  } catch (error) {
    return rejected(`cannot be read, by a bug of the sidecar: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isPipe(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && !status.isFile() && !status.isDirectory();
}
