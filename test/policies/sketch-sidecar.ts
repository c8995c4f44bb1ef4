import type { Dialect } from '../../src/core/dialect.ts';
import type { Exchange } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import { bufferedReply, type Outcome, type Reply } from '../../src/core/outcome.ts';
import { type Policy, stack } from '../../src/core/policy.ts';
import type { Store } from '../../src/core/store.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRoute } from '../../src/policies/route.ts';
import { context, exchange, head, type OpenReply, openReply } from './kit.ts';
import { scriptedDialect } from './scripted-dialect.ts';

const limits = { firstBytePhase: 'firstByte', firstByteMs: 60_000, idleMs: 30_000, holdMs: 15_000 } as const;

const dialect: Dialect = {
  ...scriptedDialect(),
  retarget: (original, { model }) => (model === 'unknown' ? undefined : { ...original, path: `/${model ?? 'same'}` }),
  speak: (text) => bufferedReply(head({ origin: 'degraded' }), [Buffer.from(`say ${text}\nend\n`)]),
};

/** How an upstream answers one attempt: these lines and then the end, or whatever the test makes of the open reply. */
export type Answer = readonly string[] | ((open: OpenReply) => void) | 'refuses connections';

/** Upstreams behind the agent's policies and, each, behind the upstream's policies, the gate and chaos. */
export function sidecar(
  answers: Record<string, Answer[]>,
  { agent = [], upstream = [], chaos = [] }: Record<string, Policy[]>,
  clock = context().clock,
) {
  const opened: OpenReply[] = [];
  const sent: Exchange[] = [];
  const attempt = (call: Exchange): Promise<Outcome> => {
    sent.push(call);
    const answer = answers[call.target.upstream]?.shift();
    if (answer === undefined) throw new Error(`no answer is left for ${call.target.upstream}`);
    if (answer === 'refuses connections') return Promise.resolve(failure('upstream_unreachable', 'It refuses connections.'));
    const open = openReply();
    opened.push(open);
    // As the data plane does, up to commit.
    call.signal.addEventListener('abort', () => open.end({ verdict: 'cancelled', complete: false }));
    if (typeof answer === 'function') answer(open);
    else {
      for (const line of answer) open.push(`${line}\n`);
      open.end();
    }
    return Promise.resolve(open.reply);
  };
  const inner = stack([...upstream, createGate({ holds: true }, { clock }), ...chaos], attempt);
  const route = createRoute(new Map(Object.keys(answers).map((name) => [name, inner])), clock);
  const run = stack([createGuarded(), ...agent], route);
  return {
    clock,
    opened,
    sent,
    /** A call, with the events that it noted. */
    call(overrides: Parameters<typeof exchange>[0] = {}) {
      const call = exchange({ dialect, limits, ...overrides });
      return Object.assign(call, { outcome: run(call) });
    },
  };
}

/** The reply of a call that must have one. */
export async function replyOf(call: { outcome: Promise<Outcome> }): Promise<Reply> {
  const outcome = await call.outcome;
  if (outcome.kind !== 'reply') throw new Error(`no reply but ${JSON.stringify(outcome)}`);
  return outcome;
}

/** A store without bounds. */
export function memory(): Store & { keys: () => string[] } {
  const kept = new Map<string, Uint8Array>();
  return {
    get: (key) => kept.get(key),
    set: (key, value) => void kept.set(key, value),
    delete: (key) => void kept.delete(key),
    keys: () => [...kept.keys()],
  };
}
