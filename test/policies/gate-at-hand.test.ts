import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import { createReply, type Ending, type Outcome, type Read, type Reply, type ReplyHead, type Source } from '../../src/core/outcome.ts';
import { createGate } from '../../src/policies/gate.ts';
import { context, exchange, head, script, textOf } from './kit.ts';
import { scriptedDialect, usage } from './scripted-dialect.ts';

/** A body whose bytes and ending are there before anybody asks; it counts what was taken and told. */
class AtHand implements Source {
  taken = 0;
  discarded = false;
  readonly #lines: string[];
  readonly #ending: Ending;

  constructor(lines: string[], ending: Partial<Ending> = {}) {
    this.#lines = [...lines];
    this.#ending = { verdict: 'ok', complete: true, bytes: 0, ...ending };
  }

  get ended(): Promise<Ending> {
    return Promise.resolve(this.#ending);
  }

  whenEnded(fn: (ending: Ending) => void): void {
    fn(this.#ending);
  }

  poll(): Read {
    const line = this.#lines.shift();
    if (line === undefined) return { done: true, value: undefined };
    this.taken += 1;
    return { done: false, value: Buffer.from(`${line}\n`) };
  }

  next(): Promise<Read> {
    return Promise.resolve(this.poll());
  }

  discard(): void {
    this.discarded = true;
  }
}

const limits = { firstBytePhase: 'firstByte', firstByteMs: 60_000, idleMs: 30_000, holdMs: 15_000 } as const;

function gate(source: AtHand, facts: Partial<ReplyHead> = {}, dialect: Dialect = scriptedDialect(), holds = true) {
  const { clock } = context();
  const call = exchange({ dialect, limits });
  const run = () => createGate({ holds }, { clock }).run(call, script(createReply(head(facts), source)));
  return { clock, call, run };
}

/** How many turns pass until the outcome is there. */
async function turns({ run }: ReturnType<typeof gate>): Promise<number> {
  let over = false;
  void run().then(() => {
    over = true;
  });
  let count = 0;
  for (; !over; count += 1) await Promise.resolve();
  return count;
}

const verdictOf = (outcome: Outcome) => (outcome.kind === 'reply' ? outcome.verdict : outcome.kind);

describe('a reply that is all there when its head is', () => {
  it.each([
    ['whose content comes first', ['say', 'more', 'end']],
    ['whose content comes after others', ['start', ': comment', 'say', 'end']],
    ['that is judged at its end', ['part', 'end']],
    ['that never says anything', []],
    ['that is longer than what is held', [`part ${'x'.repeat(40_000)}`, `part ${'x'.repeat(40_000)}`, 'part']],
  ])('%s is handed up without a turn of waiting', async (_, lines) => {
    const unheld = await turns(gate(new AtHand(lines), {}, scriptedDialect(), false));
    expect(await turns(gate(new AtHand(lines)))).toBe(unheld);
  });

  it.each([
    ['say', 'end'],
    ['start', 'part', 'say', 'end'],
    ['part', 'end'],
  ])('is given whole', async (...lines) => {
    const reply = (await gate(new AtHand(lines)).run()) as Reply;
    expect(reply.verdict).toBe('ok');
    expect(await textOf(reply)).toBe(`${lines.join('\n')}\n`);
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
  });

  it('is read no further than to its first content', async () => {
    const source = new AtHand(['start', 'say', 'say', 'end']);
    await gate(source).run();
    expect(source.taken).toBe(2);
  });

  it('is read up to 64 KB where nothing is to be judged', async () => {
    const kilobyte = `part ${'x'.repeat(1018)}`;
    const source = new AtHand(Array.from({ length: 100 }, () => kilobyte));
    expect(await gate(source).run()).toMatchObject({ kind: 'reply', verdict: 'ok' });
    expect(source.taken).toBe(64);
  });

  it('is bad by what its body says, by its end, and by its head', async () => {
    expect(verdictOf(await gate(new AtHand(['start', 'overloaded', 'end'])).run())).toBe('overloaded');
    expect(verdictOf(await gate(new AtHand(['start', 'end'])).run())).toBe('invalid-output');
    const dialect = scriptedDialect({ head: 'server-error' });
    expect(verdictOf(await gate(new AtHand(['say', 'end']), { status: 500 }, dialect).run())).toBe('server-error');
  });

  it('is a failure where it was cut before it said anything, and tells the tokens that it took', async () => {
    const cut = { verdict: 'network', complete: false } as const;
    const outcome = await gate(new AtHand(['start', 'usage'], cut)).run();
    expect(outcome).toMatchObject({
      kind: 'failure',
      code: 'upstream_protocol_error',
      origin: 'ourselves',
      message: 'Upstream main broke its answer off.',
      usage,
    });
    expect(outcome).not.toHaveProperty('estimated');
    const late = await gate(new AtHand(['start'], { verdict: 'timeout', complete: false })).run();
    expect(late).toMatchObject({ message: 'Upstream main did not end its answer in time.' });
    expect(late).not.toHaveProperty('usage');
  });

  it('that an injected fault has cut is a failure that stays known as one', async () => {
    const outcome = await gate(new AtHand(['start'], { verdict: 'network', complete: false }), { origin: 'chaos' }).run();
    expect(outcome).toMatchObject({ kind: 'failure', origin: 'chaos' });
  });

  it('tells tokens that were only estimated as such', async () => {
    const plain = scriptedDialect();
    const dialect: Dialect = {
      ...plain,
      watch: (...about) => {
        const watcher = plain.watch(...about);
        const end = () => ({ verdict: 'network', complete: false, estimated: usage }) as const;
        return Object.assign(watcher, { end });
      },
    };
    const outcome = await gate(new AtHand(['start'], { verdict: 'network', complete: false }), {}, dialect).run();
    expect(outcome).toMatchObject({ kind: 'failure', estimated: usage });
    expect(outcome).not.toHaveProperty('usage');
  });

  it('is given up unread where the agent has left', async () => {
    const source = new AtHand(['say', 'end']);
    const { call, run } = gate(source);
    call.hangUp();
    expect(await run()).toMatchObject({ kind: 'failure', verdict: 'cancelled', sent: 'maybe' });
    expect(source).toMatchObject({ taken: 0, discarded: true });
  });
});
