import type { Outcome, Reply, ReplyHead } from '../../src/core/outcome.ts';
import { createGate } from '../../src/policies/gate.ts';
import { context, exchange, openReply, script } from './kit.ts';
import { type Script, scriptedDialect } from './scripted-dialect.ts';

export const gateLimits = { firstBytePhase: 'firstByte', firstByteMs: 60_000, idleMs: 30_000, holdMs: 15_000 } as const;

/** A gate that holds an open reply of the scripted format. */
export function held(words: Script = {}, facts: Partial<ReplyHead> = {}) {
  const { clock } = context();
  const open = openReply(facts);
  const call = exchange({ dialect: scriptedDialect(words), limits: gateLimits });
  const gate = createGate({ holds: true }, { clock });
  let outcome: Outcome | undefined;
  const run = gate.run(call, script(open.reply)).then((result) => {
    outcome = result;
    return result;
  });
  return {
    clock,
    open,
    call,
    run,
    /** Lets everything happen that can happen now. */
    settle: () => clock.advance(0),
    get outcome() {
      return outcome;
    },
    reply: async () => (await run) as Reply,
  };
}
