import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyFormats } from '../../eval/bodies.ts';
import { Threads } from '../../src/agents/threads.ts';
import type { DialectName } from '../../src/core/dialect.ts';
import { readConversation } from '../../src/llm/conversation/read-conversation.ts';
import { dialectFor } from '../../src/llm/dialects.ts';
import { rules } from './kit.ts';

const origin = { principal: 'p', session: undefined, clientSession: 'x' };

/** Follows bodies, with the offset that each was read from: `whole` where it was read from its beginning. */
function reader(dialect: DialectName, path: string, knows = true) {
  const threads = new Threads(10);
  return (body: object | string, more: Partial<typeof origin> = {}) => {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const request = { method: 'POST', path, headers: [] };
    const call = dialectFor(dialect, request).describe(request, bytes);
    const from: (number | 'whole')[] = [];
    const read = (offset?: number) => {
      from.push(offset ?? 'whole');
      return readConversation(dialect, call, request, bytes, offset);
    };
    const { followed } = threads.read({ ...origin, ...more }, bytes, knows ? call.history : undefined, read, rules(), 0)!;
    const { begun: _, session, ...rest } = followed;
    return { from, ...rest, session };
  };
}

const words = 'a line of what a tool has found; '.repeat(40);
const steps = (count: number, result = (at: number) => `${at} ${words}`) =>
  Array.from({ length: count }, (_, at) => ({ action: `grep word${at}`, result: result(at) }));

describe.each(bodyFormats)('a history in $name', (format) => {
  const { dialect, path } = format;
  const body = format.body.bind(format);

  test('that grows is read from where it ended, and comes to the same as one that is read whole', () => {
    const step = fc.record({ action: fc.constantFrom('ls', 'pwd'), result: fc.constantFrom('x', words, 'Error: no') });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 3 }), { minLength: 2, maxLength: 6 }), (growth) => {
        const [onward, afresh] = [reader(dialect, path), reader(dialect, path, false)];
        const all = steps(12);
        for (const [at, more] of growth.entries()) {
          all.push(...more);
          const { from, session, ...followed } = onward(body('run', all));
          const { from: _, session: other, ...whole } = afresh(body('run', all));
          expect([followed, session.rounds]).toEqual([whole, other.rounds]);
          expect(from).toEqual([at === 0 ? 'whole' : expect.any(Number)]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('is read whole where anything of before has changed', () => {
    const follow = reader(dialect, path);
    const before = steps(12);
    follow(body('run', before));
    const changed = before.map((one, at) => (at === 6 ? { ...one, result: one.result.replace('found', 'faund') } : one));
    expect(follow(body('run', [...changed, ...steps(1, () => 'new')])).from).toEqual(['whole']);
    follow(body('run', before));
    expect(follow(body('run', before.slice(0, 10))).from.at(-1)).toBe('whole');
    follow(body('run', before));
    expect(follow({ ...body('run', [...before, ...steps(1)]), tools: [] }).from).toEqual(['whole']);
  });

  test('of another caller, or in another session, is read whole', () => {
    const follow = reader(dialect, path);
    follow(body('run', steps(12)));
    for (const more of [{ principal: 'other' }, { session: 'other' as unknown as undefined }, { clientSession: 'other' }])
      expect(follow(body('run', steps(12)), more).from).toEqual(['whole']);
    expect(follow(body('run', steps(12))).from).not.toEqual(['whole']);
  });

  test('whose call has no result yet is read again with it', () => {
    const follow = reader(dialect, path);
    follow(body('run', steps(12)));
    const whole = JSON.parse(JSON.stringify(body('run', steps(13)))) as Record<string, unknown[]>;
    const list = whole['messages'] ?? whole['input'];
    const result = list?.pop();
    expect(follow(whole)).toMatchObject({ added: 0, count: 12 });
    list?.push(result);
    expect(follow(whole)).toMatchObject({ added: 1, count: 13 });
  });
});

test('of many conversations the beginnings of the last are known', () => {
  const [chat] = bodyFormats;
  const follow = reader('openai', chat!.path);
  for (let run = 0; run < 30; run += 1) follow(chat!.body(`run ${run}`, steps(12)));
  expect(follow(chat!.body('run 29', steps(13))).from).not.toEqual(['whole']);
  expect(follow(chat!.body('run 0', steps(13))).from).toEqual(['whole']);
});
