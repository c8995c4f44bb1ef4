import { type DialectName, dialectNames } from '../../core/dialect.ts';
import { type FallbackEntry, targetName, targetOf } from './entry.ts';
import { uncarriedBetween } from './uncarried.ts';

/** What is wrong with an entry, or said in vain. `key` is where it stands in the entry. */
export interface EntryFinding {
  readonly index: number;
  readonly key: 'upstream' | 'model' | 'on' | 'maxTokens';
  /** Whether the configuration is to be rejected for it; else it is a warning. */
  readonly rejects: boolean;
  readonly message: string;
}

/** What is known of the policy set and the routes that use it. */
export interface EntrySurroundings {
  /** Upstreams of the routes that use the policy set. */
  readonly homes: readonly string[];
  /** The wire format of each upstream, as it is configured. */
  readonly dialects: ReadonlyMap<string, DialectName | 'auto'>;
  /** Whether the policy set has a breaker or a bulkhead: only these refuse. */
  readonly refuses: boolean;
}

/** Wire formats whose requests name no model that could be changed. */
const withoutModel: ReadonlySet<DialectName | 'auto'> = new Set(['mcp', 'http']);

/**
 * Entries that no call can move to, because they speak another wire format or are tried already, and those that only some
 * calls can. Upstreams that the configuration does not have are left to others to report.
 */
export function fallbackFindings(entries: readonly FallbackEntry[], surroundings: EntrySurroundings): EntryFinding[] {
  return entries.flatMap((entry, index) => [
    ...formatFindings(entry, index, surroundings),
    ...translationFindings(entry, index, surroundings),
    ...limitFindings(entry, index, surroundings),
    ...repeatFindings(entries, index, surroundings),
    ...verdictFindings(entry, index, surroundings),
  ]);
}

function formatFindings(entry: FallbackEntry, index: number, { homes, dialects }: EntrySurroundings): EntryFinding[] {
  const conflicts = homes.flatMap((home) => conflictOf(entry, home, dialects) ?? []);
  const [first] = conflicts;
  if (!first) return [];
  const rejects = conflicts.length === homes.length;
  return [{ index, ...first, rejects, message: rejects ? first.message : `${first.message}; such calls skip it` }];
}

function conflictOf(
  entry: FallbackEntry,
  home: string,
  dialects: ReadonlyMap<string, DialectName | 'auto'>,
): Pick<EntryFinding, 'key' | 'message'> | undefined {
  const { upstream, model } = targetOf(entry, home);
  const [asked, spoken] = [dialects.get(home), dialects.get(upstream)];
  if (asked === undefined || spoken === undefined) return undefined;
  if (!sharesFormat(asked, spoken)) {
    if (uncarriedBetween(asked, spoken) !== undefined) return undefined;
    const message = `speaks ${spoken}, and calls for ${home} are ${asked}: there is no translator between wire formats`;
    return { key: 'upstream', message };
  }
  if (model === undefined || !withoutModel.has(asked)) return undefined;
  return { key: 'model', message: `cannot be set: calls for ${home} are ${asked}, which names no model` };
}

/** One warning for an entry whose calls must be translated: what keeps a call from moving there, and what it asks for. */
function translationFindings(entry: FallbackEntry, index: number, { homes, dialects }: EntrySurroundings): EntryFinding[] {
  const [lost] = homes.flatMap((home) => {
    const spoken = dialects.get(targetOf(entry, home).upstream);
    const asked = dialects.get(home);
    const uncarried = asked && spoken && !sharesFormat(asked, spoken) ? uncarriedBetween(asked, spoken) : undefined;
    return uncarried === undefined ? [] : [{ home, asked, spoken, uncarried }];
  });
  if (!lost) return [];
  const { home, asked, spoken, uncarried } = lost;
  const model = entry.model === undefined ? ', and without a model here they are asked for that of the agent' : '';
  const message = `speaks ${spoken}, so calls for ${home} (${asked}) are translated${model}; a call skips it that has what cannot be carried over: ${uncarried}`;
  return [{ index, key: 'upstream', rejects: false, message }];
}

/** Only Anthropic's format wants a limit, and only calls of OpenAI's may come without one. */
function limitFindings(entry: FallbackEntry, index: number, { homes, dialects }: EntrySurroundings): EntryFinding[] {
  if (entry.maxTokens === undefined || homes.length === 0) return [];
  const isUsed = homes.some((home) => {
    const asked = dialects.get(home) ?? 'auto';
    const spoken = dialects.get(targetOf(entry, home).upstream) ?? 'auto';
    return (asked === 'openai' || asked === 'auto' || asked === 'ollama') && spoken === 'anthropic';
  });
  if (isUsed) return [];
  const message = 'has no effect: it is for calls in the format of openai that move to an upstream that speaks anthropic';
  return [{ index, key: 'maxTokens', rejects: false, message }];
}

function sharesFormat(asked: DialectName | 'auto', spoken: DialectName | 'auto'): boolean {
  return formatsOf(asked).some((format) => formatsOf(spoken).includes(format));
}

/** In which formats an upstream may be asked. An Ollama serves OpenAI's and Anthropic's interfaces beside its own. */
function formatsOf(dialect: DialectName | 'auto'): readonly DialectName[] {
  if (dialect === 'auto') return dialectNames;
  return dialect === 'ollama' ? ['ollama', 'openai', 'anthropic'] : [dialect];
}

function repeatFindings(entries: readonly FallbackEntry[], index: number, { homes }: EntrySurroundings): EntryFinding[] {
  const entry = entries[index];
  if (!entry || homes.length === 0) return [];
  const isRepeat = (home: string) => {
    const name = targetName(targetOf(entry, home));
    return name === home || entries.slice(0, index).some((earlier) => !earlier.observe && targetName(targetOf(earlier, home)) === name);
  };
  if (!homes.every(isRepeat)) return [];
  const key = entry.upstream === undefined ? 'model' : 'upstream';
  return [{ index, key, rejects: false, message: 'leads to a target that was tried before: it is always skipped' }];
}

function verdictFindings({ on }: FallbackEntry, index: number, { refuses }: EntrySurroundings): EntryFinding[] {
  if (on.length > 0 || refuses) return [];
  const message = 'is empty, and without a circuitBreaker or a bulkhead nothing is refused: the entry is never tried';
  return [{ index, key: 'on', rejects: false, message }];
}
