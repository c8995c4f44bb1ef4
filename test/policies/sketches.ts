import type { Clock } from '../../src/core/clock.ts';
import { sleep } from '../../src/core/clock.ts';
import type { Exchange, Target } from '../../src/core/exchange.ts';
import { abortedFailure, failure } from '../../src/core/failure.ts';
import type { RawHeaders } from '../../src/core/headers.ts';
import { createReply, type Outcome, type Read, type Reply, tap, unread } from '../../src/core/outcome.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Store } from '../../src/core/store.ts';
import type { Verdict } from '../../src/core/verdict.ts';

/** Policies in few lines, to show that the core's vocabulary is enough for each. */

const hopeful: ReadonlySet<Verdict> = new Set(['rate-limited', 'overloaded', 'server-error', 'network', 'timeout', 'invalid-output']);

function isLost(outcome: Outcome): outcome is Exclude<Outcome, { kind: 'tunnel' }> {
  return outcome.kind !== 'tunnel' && (hopeful.has(outcome.verdict) || outcome.verdict === 'refused');
}

export function retrySketch(attempts: number, waitMs: number, clock: Clock): Policy {
  return {
    name: 'retry',
    async run(exchange, next) {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await next(exchange);
        if (outcome.kind === 'tunnel' || !hopeful.has(outcome.verdict) || attempt === attempts) return outcome;
        if (outcome.kind === 'reply') outcome.discard();
        exchange.note({
          kind: 'retry',
          attempt: exchange.opened.attempts,
          upstream: exchange.target.upstream,
          reason: outcome.verdict,
          waitMs,
          source: 'computed',
        });
        if (!(await sleep(clock, waitMs, exchange.signal))) return abortedFailure(exchange.signal, 'maybe');
      }
    },
  };
}

export function fallbackSketch(entries: readonly Target[]): Policy {
  return {
    name: 'fallback',
    async run(exchange, next) {
      let outcome = await next(exchange);
      for (const target of entries) {
        if (!isLost(outcome) || exchange.signal.aborted) return outcome;
        const request = exchange.dialect.retarget(exchange.request, target);
        if (!request) {
          exchange.note({ kind: 'target-skipped', attempt: 0, ...target, why: 'the model cannot be changed exactly' });
          continue;
        }
        exchange.note({ kind: 'fallback', attempt: 0, from: exchange.target.upstream, to: target.upstream, reason: outcome.verdict });
        if (outcome.kind === 'reply') outcome.discard();
        outcome = await next({ ...exchange, target, request });
      }
      return outcome;
    },
  };
}

interface Kept {
  status: number;
  statusText: string;
  headers: RawHeaders;
  /** Base64, chunk by chunk: the framing of a stream is kept. */
  chunks: string[];
}

/** Asked only when everything else has failed. Keeps what ended whole and good. */
export function cacheSketch(store: Store, ttlMs: number): Policy {
  return {
    name: 'cache',
    async run(exchange, next) {
      const key = `${exchange.home.upstream} ${exchange.request.method} ${exchange.request.path}`;
      const outcome = await next(exchange);
      if (outcome.kind === 'reply' && outcome.verdict === 'ok') return keep(outcome, store, key, ttlMs, exchange);
      const bytes = isLost(outcome) ? store.get(key) : undefined;
      exchange.note({ kind: 'cache', attempt: 0, result: bytes ? 'stale' : 'miss' });
      if (!bytes) return outcome;
      if (outcome.kind === 'reply') outcome.discard();
      return replay(JSON.parse(Buffer.from(bytes).toString()) as Kept);
    },
  };
}

function keep(reply: Reply, store: Store, key: string, ttlMs: number, exchange: Exchange): Reply {
  const { status, statusText, headers } = reply;
  const chunks: string[] = [];
  return tap(reply, {
    chunk(bytes) {
      chunks.push(Buffer.from(bytes).toString('base64'));
      return bytes;
    },
    end(ending) {
      if (ending.verdict === 'ok' && ending.complete) {
        store.set(key, Buffer.from(JSON.stringify({ status, statusText, headers, chunks } satisfies Kept)), ttlMs);
        exchange.note({ kind: 'cache', attempt: 0, result: 'stored' });
      }
      return ending;
    },
  });
}

function replay({ status, statusText, headers, chunks }: Kept): Reply {
  const { promise: ended, resolve } = Promise.withResolvers<Awaited<Reply['ended']>>();
  let at = 0;
  let bytes = 0;
  return createReply(
    { verdict: 'ok', origin: 'cache', status, statusText, headers },
    {
      ended,
      next() {
        const chunk = chunks[at++];
        if (chunk === undefined) {
          resolve({ verdict: 'ok', complete: true, bytes });
          return Promise.resolve({ done: true, value: undefined });
        }
        const value = Buffer.from(chunk, 'base64');
        bytes += value.byteLength;
        return Promise.resolve({ done: false, value });
      },
      discard: () => resolve({ verdict: 'cancelled', complete: false, bytes }),
    },
  );
}

export function degradeSketch(sentence: string): Policy {
  return {
    name: 'degrade',
    async run(exchange, next) {
      const outcome = await next(exchange);
      if (!isLost(outcome) || (outcome.kind === 'failure' && outcome.code === 'agent_paused')) return outcome;
      const reply = exchange.dialect.speak(sentence, await exchange.request.call());
      if (!reply) return outcome;
      if (outcome.kind === 'reply') outcome.discard();
      exchange.note({ kind: 'degraded', attempt: 0, reason: outcome.verdict, message: 'sentence' });
      return reply;
    },
  };
}

/** Reads a good reply to its end, where it is small, and judges it again. */
export function validateSketch(accepts: (text: string) => boolean, limitBytes: number): Policy {
  return {
    name: 'validate',
    async run(exchange, next) {
      const outcome = await next(exchange);
      if (outcome.kind !== 'reply' || outcome.verdict !== 'ok') return outcome;
      const chunks: Uint8Array[] = [];
      for (let bytes = 0; bytes <= limitBytes; ) {
        const read = await outcome.body.next();
        if (read.done) {
          const { verdict } = await outcome.ended;
          const text = Buffer.concat(chunks).toString();
          return unread(outcome, chunks, verdict === 'ok' && !accepts(text) ? 'invalid-output' : verdict);
        }
        chunks.push(read.value);
        bytes += read.value.byteLength;
      }
      return unread(outcome, chunks, 'ok');
    },
  };
}

export type Fault =
  | { kind: 'cut'; after: number }
  | { kind: 'stall'; after: number; forMs: number }
  | { kind: 'in-band-error'; after: number; text: string };

/** Breaks the first `times` replies. */
export function chaosSketch(fault: Fault, times: number, clock: Clock): Policy {
  let left = times;
  return {
    name: 'chaos',
    async run(exchange, next) {
      const outcome = await next(exchange);
      if (outcome.kind !== 'reply' || left === 0) return outcome;
      left -= 1;
      exchange.note({ kind: 'fault-injected', attempt: exchange.attempt, upstream: exchange.target.upstream, fault: fault.kind });
      return inject(outcome, fault, clock);
    },
  };
}

function inject(reply: Reply, fault: Fault, clock: Clock): Reply {
  let chunks = 0;
  let hit = false;
  const passed = async (next: () => Promise<Read>): Promise<Uint8Array | undefined> => (await next()).value;
  return tap(reply, {
    origin: 'chaos',
    async read(next) {
      if (chunks++ !== fault.after) return hit && fault.kind !== 'stall' ? undefined : passed(next);
      hit = true;
      if (fault.kind === 'cut') return undefined;
      if (fault.kind === 'in-band-error') return Buffer.from(fault.text);
      await new Promise<void>((resolve) => clock.timer(fault.forMs, resolve));
      return passed(next);
    },
    end(ending) {
      if (!hit || fault.kind === 'stall') return ending;
      return fault.kind === 'cut'
        ? { ...ending, verdict: 'network', complete: false, cause: new Error('an injected cut') }
        : { ...ending, verdict: 'ok', complete: true };
    },
  });
}

/** Refuses every call of an agent that was paused; pauses one that asks the same thing too often. */
export function loopDetectionSketch(limit: number): Policy {
  const asked = new Map<string, number>();
  return {
    name: 'loopDetection',
    async run(exchange, next) {
      const bytes = await exchange.request.body.whole();
      const key = `${exchange.agent.name} ${exchange.request.path} ${bytes && Buffer.from(bytes).toString('base64')}`;
      const count = (asked.get(key) ?? 0) + 1;
      asked.set(key, count);
      if (count <= limit) return next(exchange);
      exchange.note({ kind: 'loop-detected', attempt: 0, loop: 'exact', action: 'pause', count });
      return failure('agent_paused', `Agent ${exchange.agent.name} asked the same thing ${count} times.`);
    },
  };
}
