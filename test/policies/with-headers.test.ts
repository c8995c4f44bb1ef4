import { expect, test } from 'vitest';
import { withHeaders } from '../../src/policies/with-headers.ts';
import { openReply, wholeReply } from './kit.ts';

test('an answer under other headers is the same answer: its head, its bytes and its end', async () => {
  const open = openReply({ status: 503, verdict: 'overloaded', retryAfterMs: 1000, headers: ['a', 'b'] });
  const other = withHeaders(open.reply, ['c', 'd']);
  expect(other).toMatchObject({ status: 503, verdict: 'overloaded', origin: 'upstream', retryAfterMs: 1000, headers: ['c', 'd'] });
  open.push('text');
  expect(Buffer.from((await other.body.next()).value ?? []).toString()).toBe('text');
  let told: unknown;
  other.whenEnded((ending) => {
    told = ending;
  });
  open.end();
  expect(await other.ended).toEqual({ verdict: 'overloaded', complete: true, bytes: 4 });
  await Promise.resolve();
  expect(told).toEqual(await open.reply.ended);
});

test('bytes that are at hand are at hand under other headers', () => {
  const { body } = withHeaders(wholeReply({}, 'text'), []);
  expect(body.poll()).toMatchObject({ done: false, value: Buffer.from('text') });
  expect(body.poll()).toMatchObject({ done: true });
});

test('giving an answer up under other headers gives it up', () => {
  const open = openReply();
  withHeaders(open.reply, []).discard();
  expect(open.discarded).toBe(true);
});
