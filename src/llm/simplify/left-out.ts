/** One message of a conversation, as far as it matters whether it may be left out. */
export interface Entry {
  /** `result`: what came of calls of tools, and nothing that a person said. */
  readonly kind: 'system' | 'user' | 'model' | 'result';
  /** Ids of the calls that it makes. */
  readonly calls: readonly string[];
  /** Ids of the calls whose results it brings. */
  readonly answers: readonly string[];
}

/** Messages that stay or go together: `[start, end)`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Which messages to leave out, by their index, for this share of what can be left out: of calls of tools with their results
 * the oldest first, then of turns in the middle the oldest first. What instructs the model stays, and so do the first message
 * and the last with the calls that it answers. Undefined where nothing can be left out.
 */
export function leftOut(entries: readonly Entry[], share: number): ReadonlySet<number> | undefined {
  const first = entries.findIndex(({ kind }) => kind !== 'system');
  const rounds = roundsOf(entries, first);
  const steps = stepsOf(entries).filter(({ start, end }) => start > first && end < entries.length && isClosed(entries, { start, end }));
  const middle = rounds.slice(1, -1).filter((round) => isClosed(entries, round));
  const candidates = [...steps, ...middle];
  const chosen = candidates.slice(0, Math.ceil(candidates.length * share));
  const out = chosen.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
  const gone = new Set(out.filter((index) => entries[index]?.kind !== 'system'));
  return gone.size > 0 ? gone : undefined;
}

/** Each from a message of the user to the next one that follows an answer. */
function roundsOf(entries: readonly Entry[], first: number): Span[] {
  const starts = entries.flatMap(({ kind }, index) =>
    index === first || (index > first && kind === 'user' && !isUser(entries, index - 1)) ? [index] : [],
  );
  return starts.map((start, i) => ({ start, end: starts[i + 1] ?? entries.length }));
}

function isUser(entries: readonly Entry[], index: number): boolean {
  return entries[index]?.kind === 'user';
}

/** Each from where the model goes on to the last result that it gets: a step of an agent that works on by itself. */
function stepsOf(entries: readonly Entry[]): Span[] {
  const steps: Span[] = [];
  for (let start = 0; start < entries.length; start += 1) {
    if (entries[start]?.kind !== 'model') continue;
    let end = start + 1;
    while (entries[end]?.kind === 'model') end += 1;
    const results = end;
    while (entries[end]?.kind === 'result') end += 1;
    if (end > results) steps.push({ start, end });
    start = end - 1;
  }
  return steps;
}

/** Whether every call in it has its result there, and every result its call. */
function isClosed(entries: readonly Entry[], { start, end }: Span): boolean {
  const open = new Map<string, number>();
  for (const { calls, answers } of entries.slice(start, end)) {
    for (const id of calls) open.set(id, (open.get(id) ?? 0) + 1);
    for (const id of answers) {
      const left = (open.get(id) ?? 0) - 1;
      if (left < 0) return false;
      open.set(id, left);
    }
  }
  return [...open.values()].every((left) => left === 0);
}
