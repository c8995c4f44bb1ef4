import type { PolicySet } from '../policies/index.ts';
import type { RetrySettings } from '../policies/retry.ts';
import { formatDuration } from './format-duration.ts';
import type { Finding, Path } from './problem.ts';

/** A breaker that needs more calls a second than this to judge by their ratio will hardly ever do so. */
const likelyCallsPerSecond = 10;

/** What a policy set says in vain or against itself. `path` is where it stands. */
export function inertPolicies(set: PolicySet, path: Path): Finding[] {
  const findings: Finding[] = [];
  const say = (below: string, message: string) => findings.push({ path: [...path, ...below.split('.')], at: 'key', message });
  sayOfTimes(set, say);
  sayOfRetry(set, say);
  sayOfBreaker(set, say);
  sayOfBulkhead(set, say);
  sayOfFallback(set, say);
  return findings;
}

type Say = (below: string, message: string) => unknown;

function sayOfTimes({ deadline, timeout }: PolicySet, say: Say): void {
  if (deadline === 0) say('deadline', 'lets no call through: 0 is no time at all; leave it out for no deadline');
  if (!timeout) return;
  for (const key of ['connect', 'firstByte', 'answer', 'idle', 'total'] as const) {
    if (timeout[key] === 0) say(`timeout.${key}`, 'lets no call through: 0 is no time at all, not none');
  }
  const { firstByte, total, connect } = timeout;
  if (deadline !== undefined && deadline > 0 && firstByte >= deadline) {
    say('timeout.firstByte', `is never reached: the deadline of ${formatDuration(deadline)} comes first`);
  }
  if (total !== undefined && total > 0 && firstByte >= total) {
    say('timeout.firstByte', `is never reached: the total of ${formatDuration(total)} comes first`);
  }
  if (connect >= firstByte && firstByte > 0) say('timeout.connect', 'is never reached: timeout.firstByte comes first');
}

function sayOfRetry({ deadline, timeout, retry }: PolicySet, say: Say): void {
  if (!retry) return;
  const { attempts, on, backoff, budget, retryAfter } = retry;
  if (attempts === 1) {
    say('retry.attempts', 'counts the first attempt too: with 1 nothing is retried');
    return;
  }
  if (on.length === 0) {
    say('retry.on', 'is empty: nothing is retried');
    return;
  }
  if (budget.ratio === 0 && budget.minimum === 0) say('retry.budget', 'is 0: nothing is retried');
  if (backoff.base > backoff.max) say('retry.backoff.base', `is above max: every wait is ${formatDuration(backoff.max)} at most`);
  if (deadline === undefined || deadline === 0) return;
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
function longestRetries(retry: RetrySettings, timeout: PolicySet['timeout']) {
  const waitsMs = longestWaitsMs(retry);
  const attemptMs = timeout && retry.on.includes('timeout') ? Math.max(timeout.firstByte, timeout.answer ?? 0) : 0;
  return { attemptMs, waitsMs, neededMs: retry.attempts * attemptMs + waitsMs };
}

/** The waits between all attempts, each at its longest. */
function longestWaitsMs({ attempts, backoff }: RetrySettings): number {
  let sumMs = 0;
  for (let retry = 1; retry < attempts; retry++) sumMs += Math.min(backoff.max, backoff.base * backoff.multiplier ** (retry - 1));
  return Math.round(sumMs);
}

function sayOfBreaker({ circuitBreaker, bulkhead }: PolicySet, say: Say): void {
  if (!circuitBreaker) return;
  const { on, minimum, window, cooldown, cooldownMax, ratio, probes } = circuitBreaker;
  if (on.length === 0) {
    say('circuitBreaker.on', 'is empty: the breaker never opens');
    return;
  }
  const perSecond = window === 0 ? Number.POSITIVE_INFINITY : (minimum * 1000) / window;
  if (perSecond > likelyCallsPerSecond) {
    say('circuitBreaker.minimum', `is hardly ever met: the ratio counts only with ${minimum} calls within ${formatDuration(window)}`);
  }
  if (ratio === 0) say('circuitBreaker.ratio', `of 0% opens the breaker after every ${minimum} calls, failed or not`);
  if (cooldown > cooldownMax) say('circuitBreaker.cooldown', `is above cooldownMax: it is ${formatDuration(cooldownMax)}`);
  if (bulkhead && probes > bulkhead.concurrent) say('circuitBreaker.probes', 'is above bulkhead.concurrent: some probes have to wait');
}

function sayOfBulkhead({ deadline, bulkhead }: PolicySet, say: Say): void {
  if (!bulkhead) return;
  if (bulkhead.queue > 0 && bulkhead.wait === 0) say('bulkhead.wait', 'is 0: nobody waits in the queue');
  if (deadline !== undefined && deadline > 0 && bulkhead.queue > 0 && bulkhead.wait > deadline) {
    say('bulkhead.wait', `is never reached: the deadline of ${formatDuration(deadline)} comes first`);
  }
}

function sayOfFallback({ deadline, timeout, retry, fallback }: PolicySet, say: Say): void {
  if (fallback?.length === 0) say('fallback', 'is empty: calls move nowhere');
  if (!fallback || fallback.length === 0 || !retry || deadline === undefined || deadline === 0 || retry.attempts === 1) return;
  const { neededMs } = longestRetries(retry, timeout);
  if (neededMs < deadline) return;
  const times = `${retry.attempts} attempts with their waits may take ${formatDuration(neededMs)}`;
  say('fallback', `may never be tried: ${times}, and the deadline of ${formatDuration(deadline)} holds for all targets together`);
}
