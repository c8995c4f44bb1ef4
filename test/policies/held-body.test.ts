import { expect, test } from 'vitest';
import { HeldBody } from '../../src/policies/held-body.ts';
import { openReply, wholeReply } from './kit.ts';

test('a body that is held keeps what came and tells its end', async () => {
  const held = new HeldBody(wholeReply({}, 'text').body);
  expect([held.poll(), held.poll()]).toEqual(['chunk', 'end']);
  expect(held.bytes).toBe(4);
  expect(Buffer.concat(held.chunks).toString()).toBe('text');

  const waited = new HeldBody(wholeReply({}, 'text').body);
  expect([await waited.read(), await waited.read()]).toEqual(['chunk', 'end']);
});

test('once interrupted it takes nothing any more, for the first reason that there was', async () => {
  const held = new HeldBody(wholeReply({}, 'text').body);
  held.interrupt('time');
  held.interrupt('aborted');
  expect(held.poll()).toBe('time');
  expect(await held.read()).toBe('time');
  expect(held).toMatchObject({ bytes: 0, pending: undefined });
});

test('a read that is interrupted stays pending, and what it brings is not taken', async () => {
  const open = openReply();
  const held = new HeldBody(open.reply.body);
  const read = held.read();
  held.interrupt('aborted');
  expect(await read).toBe('aborted');
  open.push('late');
  expect(Buffer.from((await held.pending)?.value ?? []).toString()).toBe('late');
  expect(held.bytes).toBe(0);
});
