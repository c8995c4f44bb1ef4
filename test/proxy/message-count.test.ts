import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { MessageCount } from '../../src/proxy/message-count.ts';
import { TunnelMessages } from '../../src/proxy/tunnel-messages.ts';
import { frame } from '../llm/web-socket-frames.ts';

const mask = 0x8a_01_ff_37;
const closing = (code: number, more: { mask?: number } = {}) => {
  const payload = Buffer.alloc(6, 'x');
  payload.writeUInt16BE(code);
  return frame(8, payload, more);
};

describe('counting the messages of a WebSocket', () => {
  const kind = fc.constantFrom('text', 'binary', 'in parts', 'ping', 'compressed');
  const part = fc.record({ kind, length: fc.constantFrom(0, 1, 125, 126, 65_535, 65_536), masked: fc.boolean() });

  it('gives as many as were sent, however their bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1 }), (parts, sizes) => {
        const frames = parts.flatMap(({ kind, length, masked }) => {
          // What looks like frames is in the payloads.
          const payload = Buffer.alloc(length, '\x81\x01');
          const more = masked ? { mask } : {};
          if (kind === 'in parts')
            return [frame(1, payload, { ...more, last: false }), frame(9, payload.subarray(0, 5), more), frame(0, payload, more)];
          const one = frame(kind === 'ping' ? 9 : kind === 'binary' ? 2 : 1, kind === 'ping' ? payload.subarray(0, 125) : payload, more);
          if (kind === 'compressed') one[0] = one[0]! | 0x40;
          return [one];
        });
        const bytes = Buffer.concat(frames);
        const count = new MessageCount();
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          count.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(count.messages).toBe(parts.filter((one) => one.kind !== 'ping').length);
        expect(count.closed).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('counts none that is not whole', () => {
    const count = new MessageCount();
    count.push(frame(1, Buffer.from('hello')).subarray(0, 6));
    expect(count.messages).toBe(0);
  });

  it.each([
    [1000, 'normal'],
    [1001, 'normal'],
    [1002, 'error'],
    [1011, 'error'],
    [3000, 'application'],
    [4999, 'application'],
  ])('tells how it was closed: %i', (code, how) => {
    for (const bytes of [closing(code), closing(code, { mask })]) {
      const whole = new MessageCount();
      whole.push(bytes);
      const cut = new MessageCount();
      for (const byte of bytes) cut.push(Uint8Array.of(byte));
      expect([whole.closed, cut.closed, whole.messages]).toEqual([how, how, 0]);
    }
  });

  it('takes a close that names no code for a good one', () => {
    const count = new MessageCount();
    count.push(frame(8, Buffer.alloc(0)));
    expect(count.closed).toBe('normal');
  });
});

describe('the messages of a tunnel', () => {
  const text = frame(1, Buffer.from('hello'));

  it('are told a second after the first, and what is left at the end', async () => {
    const clock = new ManualClock();
    const told: object[] = [];
    const messages = new TunnelMessages(clock, (passed) => told.push(passed));
    messages.sent(text);
    messages.received(Buffer.concat([text, text]));
    await clock.advance(999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([{ sent: 1, received: 2 }]);
    await clock.advance(60_000);
    expect(told).toHaveLength(1);
    messages.received(text);
    messages.end();
    expect(told.slice(1)).toEqual([{ sent: 0, received: 1, closed: 'none' }]);
    expect(clock.pending).toBe(0);
  });

  it('end as the first of both says', () => {
    const told: object[] = [];
    const messages = new TunnelMessages(new ManualClock(), (passed) => told.push(passed));
    messages.received(closing(1011));
    messages.sent(closing(1000, { mask }));
    messages.end();
    expect(told).toEqual([{ sent: 0, received: 0, closed: 'error' }]);
  });
});
