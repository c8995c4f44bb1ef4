import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PriceEntry, priceFile } from '../telemetry/prices.ts';
import { explainIssue } from './explain-issue.ts';
import type { FilesRead } from './files-read.ts';
import { ConfigError, type Path, type Problem } from './problem.ts';
import { readText } from './read-text.ts';
import { readTree } from './read-tree.ts';
import { SourceText } from './source-text.ts';
import { didYouMean } from './suggest.ts';

export interface ReadPrices {
  /** The first that matches a call counts. */
  readonly prices: readonly PriceEntry[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Why the file could not be read at all. */
  readonly unreadable?: string;
}

/** Of a configuration that names no file of its own. */
export const noPrices: ReadPrices = { prices: [], problems: [], warnings: [] };

let packaged: readonly PriceEntry[] | undefined;

/** The prices of the package. They come with the program and are read once. */
export function packagedPrices(): readonly PriceEntry[] {
  packaged ??= readPackaged();
  return packaged;
}

/** The prices in a file of the user's, sought from a directory; each problem with its line. `files` learns of it. */
export function readPrices(written: string, directory: string, files: FilesRead): ReadPrices {
  const path = resolve(directory, written);
  const read = readText(path, files);
  if (read.ok) return parsePrices(new SourceText(written, read.text), directory);
  if (!read.at) return { ...noPrices, unreadable: read.message };
  return { ...noPrices, problems: [{ file: written, path: [], ...read.at, message: read.message }] };
}

function readPackaged(): readonly PriceEntry[] {
  const path = fileURLToPath(new URL('../../config/prices.yml', import.meta.url));
  const { prices, problems, unreadable } = readPrices(basename(path), resolve(path, '..'), new Map());
  if (unreadable !== undefined) throw new ConfigError([{ file: path, path: [], message: unreadable }]);
  if (problems.length > 0) throw new ConfigError(problems);
  return prices;
}

function parsePrices(source: SourceText, directory: string): ReadPrices {
  if (source.text.split('\n').every((line) => /^\s*(#|$)/.test(line))) {
    return { ...noPrices, problems: [{ file: source.file, path: [], message: 'the file is empty; it needs checked and prices' }] };
  }
  // Nothing in it is secret, so nothing in it comes from elsewhere.
  const { tree, problems } = readTree(source, {}, directory, new Map());
  if (!tree || problems.length > 0) return { ...noPrices, problems };
  const parsed = priceFile.safeParse(tree.value);
  if (parsed.success) {
    const { prices } = parsed.data;
    return { ...noPrices, prices, warnings: inVain(prices).map((path) => tree.problem({ path, at: 'value', message: usedBefore })) };
  }
  const findings = parsed.error.issues.flatMap((issue) => explainIssue(issue, tree.value));
  const told = findings.map((finding) => tree.problem(finding.isUnknownKey ? { ...finding, message: unknownKey(finding.path) } : finding));
  return { ...noPrices, problems: told };
}

const usedBefore = 'stands in an entry above, which counts: this one is never used';

/** Patterns that are the same as in an earlier entry for the same upstreams, or for all. */
function inVain(prices: readonly PriceEntry[]): Path[] {
  const isBefore = (index: number, model: string) =>
    prices.slice(0, index).some((earlier) => {
      const same = earlier.upstreams === undefined || String(earlier.upstreams) === String(prices[index]?.upstreams);
      return same && earlier.models.includes(model);
    });
  return prices.flatMap(({ models }, index) =>
    models.flatMap((model, at) => (isBefore(index, model) ? [['prices', index, 'models', at]] : [])),
  );
}

/** The schema of the configuration knows nothing of this file's keys. */
function unknownKey(path: Path): string {
  const shape = path.length === 1 ? priceFile.shape : priceFile.shape.prices.element.shape;
  const known = Object.keys(shape);
  return `unknown key${didYouMean(String(path.at(-1)), known) || `; known here: ${known.join(', ')}`}`;
}
