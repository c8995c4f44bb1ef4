import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import { failure } from '../../src/core/failure.ts';
import type { Translate, Translation } from '../../src/core/translation.ts';
import { ask, bad, fallback, told } from './fallback-kit.ts';
import { dialect, post, textOf, wholeReply } from './kit.ts';

const foreign: Dialect = { ...dialect, name: 'anthropic' };
const carried = post({ path: '/carried' });
const dialectOf = (upstream: string) => (upstream === 'spare' ? foreign : undefined);

/** Translates everything, and every answer to one word. */
const translate = (...[, , { to }, { maxTokens }]: Parameters<Translate>): Translation => ({
  request: carried,
  dialect: to,
  maxTokens,
  answer: async (reply) => wholeReply({ verdict: reply.verdict, status: reply.status }, 'translated'),
});

describe('a fallback to a target of another wire format', () => {
  it('asks in the target’s format and answers in the caller’s', async () => {
    const call = ask();
    const { run, calls } = fallback([{ upstream: 'spare', model: 'm', maxTokens: 7 }], ['overloaded', 'ok'], { dialectOf, translate });
    const outcome = await run(call);
    expect(outcome.kind === 'reply' && (await textOf(outcome))).toBe('translated');
    expect(calls.map(({ dialect: { name }, request: { path } }) => [name, path])).toEqual([
      ['http', '/things'],
      ['anthropic', '/carried'],
    ]);
    expect(call.noted('translated')).toEqual([
      { kind: 'translated', attempt: 0, upstream: 'spare', model: 'm', to: 'anthropic', maxTokens: 7 },
    ]);
  });

  it('puts a limit of 4096 tokens in where an entry names none', async () => {
    const call = ask();
    await fallback([{ upstream: 'spare' }], ['overloaded', 'ok'], { dialectOf, translate }).run(call);
    expect(call.noted('translated')).toMatchObject([{ maxTokens: 4096 }]);
  });

  it('skips it with the name of what cannot be carried over, and asks the next', async () => {
    const call = ask();
    const entries = [{ upstream: 'spare' }, { upstream: 'last' }];
    const { run, asked } = fallback(entries, ['overloaded', 'ok'], { dialectOf, translate: () => 'logit_bias' });
    expect(told(await run(call))).toBe('ok');
    expect(asked()).toEqual(['main', 'last']);
    expect(call.noted('target-skipped')).toMatchObject([{ upstream: 'spare', why: 'no exact translation: logit_bias' }]);
  });

  it('goes on from an answer that cannot be carried over', async () => {
    const lost = failure('upstream_protocol_error', 'no counterpart', { verdict: 'invalid-output', sent: 'maybe' });
    const losing: Translate = (...given) => ({ ...translate(...given), answer: async () => lost });
    const entries = [{ upstream: 'spare' }, { upstream: 'last' }];
    const { run, asked } = fallback(entries, ['overloaded', 'ok', 'ok'], { dialectOf, translate: losing });
    expect(told(await run(ask()))).toBe('ok');
    expect(asked()).toEqual(['main', 'spare', 'last']);
  });

  it('translates a failure of ours not at all, and bad answers like good ones', async () => {
    const failed = failure('upstream_timeout', 'late', { sent: 'maybe' });
    const one = fallback([{ upstream: 'spare' }], [bad('overloaded'), failed], { dialectOf, translate });
    expect(told(await one.run(ask()))).toBe('overloaded');
    const other = await fallback([{ upstream: 'spare' }], ['overloaded', 'rate-limited'], { dialectOf, translate }).run(ask());
    expect(other.kind === 'reply' && (await textOf(other))).toBe('translated');
  });
});
