import { type BackoffSettings, createBackoff } from '../policies/backoff/backoff.ts';
import type { PolicySet } from '../policies/index.ts';
import type { RetrySettings } from '../policies/retry.ts';
import { formatDuration } from './format-duration.ts';
import type { Say } from './problem.ts';

const growsByMultiplier: ReadonlySet<BackoffSettings['strategy']> = new Set(['exponential', 'adaptive']);

/** What a retry says in vain or against the rest of its set. `isWritten` tells whether a key of the set is more than a default. */
export function sayOfRetry(set: PolicySet, say: Say, isWritten: (below: string) => boolean): void {
  const { retry } = set;
  if (!retry) return;
  const { attempts, on, budget } = retry;
  if (attempts === 1) {
    say('retry.attempts', 'counts the first attempt too: with 1 nothing is retried');
    return;
  }
  if (on.length === 0) {
    say('retry.on', 'is empty: nothing is retried');
    return;
  }
  if (budget.ratio === 0 && budget.minimum === 0) say('retry.budget', 'is 0: nothing is retried');
  sayOfBackoff(retry, say, isWritten);
  sayOfSlowness(set, retry, say);
  sayOfDeadline(set, retry, say);
}

function sayOfBackoff({ backoff, adapt }: RetrySettings, say: Say, isWritten: (below: string) => boolean): void {
  const { strategy, base, max } = backoff;
  if (base > max) say('retry.backoff.base', `is above max: every wait is ${formatDuration(max)} at most`);
  if (!growsByMultiplier.has(strategy) && isWritten('retry.backoff.multiplier')) {
    say('retry.backoff.multiplier', `does nothing: the ${strategy} strategy has none`);
  }
  if (strategy !== 'adaptive') {
    if (isWritten('retry.adapt')) say('retry.adapt', `does nothing: the ${strategy} strategy learns nothing`);
    return;
  }
  if (adapt.minimumSuccess === 0) say('retry.adapt.minimumSuccess', 'is 0: retries are never given up for not helping');
  if (adapt.window === 0) say('retry.adapt.window', 'is 0: what was learned is forgotten at once');
}

/** An attempt is over when its time is up, and the wait for a place is a part of it. */
function sayOfSlowness({ deadline, timeout, bulkhead }: PolicySet, { onlyIfFailedWithin }: RetrySettings, say: Say): void {
  if (onlyIfFailedWithin === undefined) return;
  const never = Number.POSITIVE_INFINITY;
  const { firstByte = never, answer = never, total = never } = timeout?.observe ? {} : (timeout ?? {});
  const queuedMs = bulkhead && bulkhead.queue > 0 ? bulkhead.wait : 0;
  const longestMs = Math.min(deadline ?? never, queuedMs + Math.min(total, Math.max(firstByte, answer)));
  if (onlyIfFailedWithin < longestMs) return;
  say('retry.onlyIfFailedWithin', `hardly ever matters: an attempt has ${formatDuration(longestMs)} for its answer, and fails by then`);
}

function sayOfDeadline({ deadline, timeout }: PolicySet, retry: RetrySettings, say: Say): void {
  if (deadline === undefined || deadline === 0) return;
  const { attempts, on, retryAfter } = retry;
  if (retryAfter.respect && retryAfter.max > deadline && on.includes('rate-limited')) {
    say('retry.retryAfter.max', `is above the deadline of ${formatDuration(deadline)}: waits that long are not begun`);
  }
  const { attemptMs, waitsMs, neededMs } = longestRetries(retry, timeout);
  if (neededMs <= deadline) return;
  const parts =
    attemptMs > 0 ? `${attempts} attempts of up to ${formatDuration(attemptMs)} and waits of` : `${attempts} attempts with waits of`;
  say(
    'retry.attempts',
    `cannot always be made: ${parts} up to ${formatDuration(waitsMs)} take ${formatDuration(neededMs)}, the deadline is ${formatDuration(deadline)}`,
  );
}

/** How long all attempts may take with the waits between them; an attempt counts only where one that timed out is made again. */
export function longestRetries(retry: RetrySettings, timeout: PolicySet['timeout']): Record<'attemptMs' | 'waitsMs' | 'neededMs', number> {
  const waitsMs = longestWaitsMs(retry);
  const attemptMs = timeout && retry.on.includes('timeout') ? Math.max(timeout.firstByte, timeout.answer ?? 0) : 0;
  return { attemptMs, waitsMs, neededMs: retry.attempts * attemptMs + waitsMs };
}

/** The waits between all attempts, each at its longest: without jitter, and where no retry has ever helped. */
function longestWaitsMs({ attempts, backoff }: RetrySettings): number {
  const longest = createBackoff({ ...backoff, jitter: 'none' }, () => 0);
  let sumMs = 0;
  for (let retry = 1; retry < attempts; retry += 1) sumMs += longest(retry, 0);
  return Math.round(sumMs);
}
