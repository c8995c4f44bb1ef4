import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { noBody, ReplayBody, type RequestBodyOptions } from '../../src/proxy/request-body.ts';

function upload(options: Partial<RequestBodyOptions> = {}, length?: number) {
  const message = new IncomingMessage(new Socket());
  const body = new ReplayBody(message, length, { replayBytes: 100, limitBytes: 1000, onTooLarge: () => {}, ...options });
  return { message, body };
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a request body', () => {
  it('can be read again from its first byte while it fits the cap', async () => {
    const { message, body } = upload();
    message.push('one ');
    const first = collect(body.open());
    await turn();
    message.push('two');
    message.push(null);
    expect(await first).toBe('one two');
    expect(await collect(body.open())).toBe('one two');
    expect(body.replayable).toBe(true);
  });

  it('is whole once its last byte is there, and not before', async () => {
    const { message, body } = upload();
    message.push('abc');
    await turn();
    expect(body.bytes).toBeUndefined();
    message.push(null);
    expect(Buffer.from((await body.whole()) ?? []).toString()).toBe('abc');
    expect(body.bytes).toBeDefined();
  });

  it('streams through above the cap and is gone then', async () => {
    const { message, body } = upload();
    const reading = collect(body.open());
    for (let i = 0; i < 5; i += 1) message.push('x'.repeat(50));
    message.push(null);
    expect(await reading).toBe('x'.repeat(250));
    expect(body.replayable).toBe(false);
    expect(await body.whole()).toBeUndefined();
  });

  it('is known not to be kept when the announced length is above the cap', () => {
    expect(upload({}, 101).body.replayable).toBe(false);
    expect(upload({}, 100).body.replayable).toBe(true);
  });

  it('tells once that it is above the limit, and ends', async () => {
    const onTooLarge = vi.fn();
    const { message, body } = upload({ onTooLarge, replayBytes: 1000, limitBytes: 100 });
    const reading = collect(body.open());
    message.push('x'.repeat(60));
    message.push('x'.repeat(60));
    message.push('x'.repeat(60));
    await expect(reading).rejects.toThrow('broke');
    expect(onTooLarge).toHaveBeenCalledTimes(1);
    expect(body.replayable).toBe(false);
  });

  it('is asked for when it is wanted, not when it is announced', async () => {
    const onWanted = vi.fn();
    const { message, body } = upload({ onWanted });
    await turn();
    expect(onWanted).not.toHaveBeenCalled();
    const reading = collect(body.open());
    expect(onWanted).toHaveBeenCalledTimes(1);
    message.push(null);
    await reading;
    await body.whole();
    expect(onWanted).toHaveBeenCalledTimes(1);
  });

  it('ends for its reader when the attempt is given up', async () => {
    const { body } = upload();
    const reader = body.open()[Symbol.asyncIterator]();
    const pending = reader.next();
    await reader.return?.();
    expect((await pending).done).toBe(true);
  });

  it('pauses an agent that sends faster than the upstream takes, and goes on when it has taken', async () => {
    const { message, body } = upload({ replayBytes: 10_000_000, limitBytes: 10_000_000 });
    await turn();
    for (let i = 0; i < 8; i += 1) message.push(Buffer.alloc(64 * 1024));
    await turn();
    expect(message.isPaused()).toBe(true);
    const reading = collect(body.open());
    message.push(null);
    expect((await reading).length).toBe(8 * 64 * 1024);
  });

  it('breaks off when the agent goes', async () => {
    const { message, body } = upload();
    const reading = collect(body.open());
    message.push('half');
    message.destroy();
    await expect(reading).rejects.toThrow('broke');
    expect(await body.whole()).toBeUndefined();
  });
});

describe('no body', () => {
  it('is whole, empty and always replayable', async () => {
    expect(noBody.bytes?.byteLength).toBe(0);
    expect((await noBody.whole())?.byteLength).toBe(0);
    expect(await collect(noBody.open())).toBe('');
    expect(noBody.replayable).toBe(true);
  });
});
