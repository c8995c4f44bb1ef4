import { dirname } from 'node:path';
import type { PriceEntry } from '../telemetry/prices.ts';
import { readAgents } from './agent-policies.ts';
import type { Config } from './config.ts';
import { ConfigTree, isMapping, valueAt } from './config-tree.ts';
import type { FilesRead } from './files-read.ts';
import { findConfig } from './find-config.ts';
import { inertSettings } from './inert-settings.ts';
import { ConfigError, type Problem } from './problem.ts';
import { noPrices, packagedPrices, type ReadPrices, readPrices } from './read-prices.ts';
import { readText } from './read-text.ts';
import { type ReadTree, readTree } from './read-tree.ts';
import { resolvePaths } from './resolve-paths.ts';
import { SourceText } from './source-text.ts';
import type { Environment } from './substitute.ts';
import { upstreamOnly } from './upstream-only.ts';
import { validate } from './validate.ts';

/** Where the configuration is to come from. */
export interface ConfigRequest {
  /** Values of the flags of the same names. `upstream` takes the place of a file. */
  readonly config?: string | undefined;
  readonly upstream?: string | undefined;
  readonly listen?: string | undefined;
  readonly admin?: string | undefined;
  readonly environment: Environment;
  /** Directory that relative paths of the command line start from. */
  readonly directory: string;
}

/** A valid configuration and what to know about it. */
export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path; undefined where the command line is all there is. */
  readonly file: string | undefined;
  /** What is valid and still does nothing, or contradicts itself. */
  readonly warnings: readonly Problem[];
  /** Paths, as `pathKey` writes them, of the values that came from the environment or from files of their own. */
  readonly foreign: ReadonlySet<string>;
  /** What models cost: the user's own prices, then those of the package. The first that matches counts. */
  readonly prices: readonly PriceEntry[];
  /** The files that were read, those of secrets among them. */
  readonly files: FilesRead;
}

export type LoadResult =
  | ({ readonly ok: true } & LoadedConfig)
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly files: FilesRead };

type Checked = ({ readonly ok: true } & Omit<LoadedConfig, 'files'>) | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads and checks the whole configuration anew. All problems are told at once, none of them with a secret in it. */
export function loadConfig(request: ConfigRequest): LoadResult {
  const files: FilesRead = new Map();
  const start = request.upstream === undefined ? fromFile(request, files) : fromUpstream(request.upstream);
  return { ...finish(start, request, files), files };
}

/** The same for a text that is in no file; throws a `ConfigError` if it is not valid. */
export function loadConfigText(text: string, request: ConfigRequest = { environment: {}, directory: process.cwd() }): LoadedConfig {
  const files: FilesRead = new Map();
  const read = readTree(new SourceText('configuration', text), request.environment, request.directory, files);
  const result = finish({ ...read, warnings: [], file: undefined }, request, files);
  if (!result.ok) throw new ConfigError(result.problems);
  return { ...result, files };
}

function finish({ tree, problems, warnings, file }: Start, request: ConfigRequest, files: FilesRead): Checked {
  if (!tree) return { ok: false, problems };
  if (request.listen !== undefined) {
    // Where the file makes it a TLS listener, the address alone is replaced.
    tree.override(isMapping(valueAt(tree.value, ['listen'])) ? ['listen', 'address'] : ['listen'], request.listen, '--listen');
  }
  if (request.admin !== undefined) tree.override(['admin', 'listen'], request.admin, '--admin');
  const { parsed, findings } = validate(tree);
  const wrong = [...problems, ...findings.map((finding) => tree.problem(finding))];
  if (!parsed || wrong.length > 0) return { ok: false, problems: inOrder(wrong) };

  const directory = file === undefined ? request.directory : dirname(file);
  const paths = resolvePaths(parsed, request.environment, directory);
  const { agents, findings: agentFindings } = readAgents(tree.value);
  const late = [...paths.findings, ...agentFindings];
  const own = ownPrices(parsed.telemetry.prices, directory, files, tree);
  if (late.length + own.problems.length > 0) {
    return { ok: false, problems: [...inOrder(late.map((finding) => tree.problem(finding))), ...own.problems] };
  }

  const config: Config = { ...paths.config, agents };
  const inert = inertSettings(config, tree.value).map((finding) => tree.problem(finding));
  const told = [...warnings, ...inOrder(inert), ...own.warnings];
  return { ok: true, config, file, warnings: told, foreign: tree.foreign, prices: [...own.prices, ...packagedPrices()] };
}

/** What the user's file of prices says; one that cannot be read is a problem of the key that names it. */
function ownPrices(written: string | undefined, directory: string, files: FilesRead, tree: ConfigTree): ReadPrices {
  if (written === undefined) return noPrices;
  const read = readPrices(written, directory, files);
  if (read.unreadable === undefined) return read;
  return { ...noPrices, problems: [tree.problem({ path: ['telemetry', 'prices'], at: 'value', message: read.unreadable })] };
}

interface Start extends ReadTree {
  readonly warnings: readonly Problem[];
  readonly file: string | undefined;
}

function fromFile({ config, environment, directory }: ConfigRequest, files: FilesRead): Start {
  const { path: file, shown } = findConfig(config, environment, directory);
  const read = readText(file, files);
  if (!read.ok) return { tree: undefined, problems: [{ file: shown, path: [], ...read.at, message: read.message }], warnings: [], file };
  const warnings = read.worldWritable ? [{ file: shown, path: [], message: 'everybody on this machine may change this file' }] : [];
  return { ...readTree(new SourceText(shown, read.text), environment, dirname(file), files), warnings, file };
}

function fromUpstream(url: string): Start {
  const tree = new ConfigTree(new SourceText('--upstream', ''));
  tree.value = upstreamOnly(url);
  tree.place([], { flag: '--upstream' });
  return { tree, problems: [], warnings: [], file: undefined };
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
