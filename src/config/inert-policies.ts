import { needsVerdict, type PolicySet } from '../policies/index.ts';
import { valueAt } from './config-tree.ts';
import { formatDuration } from './format-duration.ts';
import { sayOfCache } from './inert-cache.ts';
import { longestRetries, sayOfRetry } from './inert-retry.ts';
import { sayOfValidate } from './inert-validate.ts';
import type { Finding, Path, Say } from './problem.ts';

/** A breaker that needs more calls a second than this to judge by their ratio will hardly ever do so. */
const likelyCallsPerSecond = 10;

/** What a policy set says in vain or against itself. `path` is where it stands in `root`, the configuration as it was written. */
export function inertPolicies(set: PolicySet, path: Path, root: unknown): Finding[] {
  const findings: Finding[] = [];
  const pathOf = (below: string): Path => [...path, ...below.split('.')];
  const say = (below: string, message: string) => findings.push({ path: pathOf(below), at: 'key', message });
  sayOfTimes(set, say);
  sayOfRetry(set, say, (below) => valueAt(root, pathOf(below)) !== undefined);
  sayOfBreaker(set, say);
  sayOfBulkhead(set, say);
  sayOfFallback(set, say);
  sayOfCache(set, say);
  sayOfValidate(set, say);
  return findings;
}

function sayOfTimes(set: PolicySet, say: Say): void {
  const { deadline, timeout } = set;
  if (deadline === 0) say('deadline', 'lets no call through: 0 is no time at all; leave it out for no deadline');
  if (!timeout) return;
  for (const key of ['connect', 'firstByte', 'answer', 'idle', 'total'] as const) {
    if (timeout[key] === 0) say(`timeout.${key}`, 'lets no call through: 0 is no time at all, not none');
  }
  const { firstByte, total, connect, idle, keepAlive, minimumRate } = timeout;
  if (deadline !== undefined && deadline > 0 && firstByte >= deadline) {
    say('timeout.firstByte', `is never reached: the deadline of ${formatDuration(deadline)} comes first`);
  }
  if (total !== undefined && total > 0 && firstByte >= total) {
    say('timeout.firstByte', `is never reached: the total of ${formatDuration(total)} comes first`);
  }
  if (connect >= firstByte && firstByte > 0) say('timeout.connect', 'is never reached: timeout.firstByte comes first');
  // A stream that an agent holds open is not held to `idle`.
  if (keepAlive !== undefined && keepAlive >= idle && idle > 0) {
    say('timeout.keepAlive', `comes only on streams that an agent holds open by GET: idle ends any other after ${formatDuration(idle)}`);
  }
  if (minimumRate === 0) say('timeout.minimumRate', 'is 0: no answer is too slow');
  else if (minimumRate !== undefined && !needsVerdict(set)) {
    say('timeout.minimumRate', 'does nothing: no policy of the set waits for the whole of an answer');
  }
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
  if (bulkhead.adaptive && bulkhead.concurrent === 1) say('bulkhead.adaptive', 'does nothing: fewer than 1 at a time there cannot be');
  if (bulkhead.perAgent === 1) say('bulkhead.perAgent', 'is 100%: one agent may take every place');
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
