import type { Verdict } from '../core/verdict.ts';
import type { PolicySet } from '../policies/index.ts';
import type { Say } from './problem.ts';

/** What a set says in vain of the validation of answers and of the adjustment of prompts. */
export function sayOfValidate(set: PolicySet, say: Say): void {
  const { validate } = set;
  if (validate) {
    if (!validate.nonEmpty && !validate.json && !validate.schema) say('validate', 'checks nothing: nonEmpty, json and schema are off');
    else if (!validate.observe && !actsOnInvalidOutput(set)) {
      say('validate', 'holds answers back for nothing: name invalid-output in retry.on, or set fallback, cache or degrade');
    }
  }
  sayOfAdjust(set, say);
}

function actsOnInvalidOutput({ retry, fallback, cache, degrade }: PolicySet): boolean {
  if (retry && retry.attempts > 1 && retry.on.includes('invalid-output')) return true;
  if (fallback?.some(({ on }) => on.includes('invalid-output'))) return true;
  return degrade !== undefined || cache?.mode === 'fallback';
}

function sayOfAdjust({ retry, validate }: PolicySet, say: Say): void {
  if (!retry || retry.attempts === 1) return;
  const { adjust } = retry;
  const on: readonly Verdict[] = retry.on;
  const shortens = adjust.some((entry) => entry.name === 'simplify' && entry.on.includes('context-length'));
  if (on.includes('context-length') && !shortens) {
    say('retry.on', 'names context-length, and a prompt that is too long stays so: set adjust: [simplify]');
  }
  for (const entry of adjust) {
    const reached = entry.on.filter((verdict) => on.includes(verdict) || (verdict === 'context-length' && shortens));
    if (reached.length === 0)
      say('retry.adjust', `${entry.name} is never made: it is for ${entry.on.join(', ')}, which retry.on does not name`);
    else if (!validate && reached.every((verdict) => verdict === 'invalid-output')) {
      say('retry.adjust', `${entry.name} is hardly ever made: without validate few answers are invalid-output`);
    }
  }
}
