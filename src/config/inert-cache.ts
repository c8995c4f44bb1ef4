import type { PolicySet } from '../policies/index.ts';
import type { Say } from './problem.ts';

/** What a cache says in vain, or lets happen that not everybody expects. */
export function sayOfCache({ cache }: PolicySet, say: Say): void {
  if (!cache) return;
  const { mode, fresh, any, staleIfError, maxEntry, maxBytes, shared } = cache;
  if (mode === 'fallback') {
    const reason = 'in mode fallback: only read-through answers in place of a call';
    if (fresh > 0) say('cache.fresh', `does nothing ${reason}`);
    if (any) say('cache.any', `does nothing ${reason}`);
    if (staleIfError === 0) say('cache.staleIfError', 'is 0 in mode fallback: no answer is ever given again');
  } else if (fresh === 0) {
    say('cache.fresh', 'is 0: no stored answer is given in place of a call');
  }
  if (maxEntry > maxBytes) say('cache.maxEntry', 'is above maxBytes: an answer that large is not kept');
  if (shared) say('cache.shared', "lets callers see each other's answers, whatever their keys are good for");
}
