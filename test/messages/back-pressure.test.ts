import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { http, ok } from '../kit/http-text.ts';
import { rawUpstream, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { settled } from '../kit/timing.ts';

const totalBytes = 400_000_000;
const piece = Buffer.alloc(1_000_000, 'x');
/** What the kernel may hold on two loopback connections, beside the buffers of our own. */
const kernelBytes = 24_000_000;

describe('back-pressure', () => {
  test('a stalled reader of 400 MB stops the upstream and costs less than 60 MB, and gets every byte in the end', async () => {
    let written = 0;
    const upstream = await rawUpstream(async (connection) => {
      await connection.requestHead();
      connection.send(http(['HTTP/1.1 200 OK', `Content-Length: ${totalBytes}`]));
      await writeAll(connection, (bytes) => {
        written += bytes;
      });
    });
    const { proxy } = await sidecarFor(upstream);
    const before = process.memoryUsage.rss();
    const socket = open(proxy);
    socket.pause();
    socket.write(http(['GET / HTTP/1.1', 'Host: a']));
    expect(await settled(() => written)).toBeLessThan(kernelBytes);
    expect(process.memoryUsage.rss() - before).toBeLessThan(60_000_000);
    let read = 0;
    socket.on('data', (bytes: Buffer) => {
      read += bytes.length;
    });
    socket.resume();
    await settled(() => read);
    expect(read).toBeGreaterThan(totalBytes);
  }, 60_000);

  test('a stalled upstream stops an upload of 400 MB and costs less than 60 MB, and gets every byte in the end', async () => {
    const upstream = await rawUpstream((connection) => {
      // The kit keeps what it reads; here only the count matters.
      connection.socket.removeAllListeners('data');
      connection.socket.pause();
    });
    const { proxy } = await sidecarFor(upstream, { limits: { requestBody: '1GB' } });
    const before = process.memoryUsage.rss();
    const socket = open(proxy);
    socket.write(http(['POST / HTTP/1.1', 'Host: a', `Content-Length: ${totalBytes}`]));
    let written = 0;
    const sent = writeAll({ socket }, (bytes) => {
      written += bytes;
    });
    const connection = await upstream.connection();
    expect(await settled(() => written)).toBeLessThan(kernelBytes + 16_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(60_000_000);
    let read = 0;
    connection.socket.on('data', (bytes: Buffer) => {
      read += bytes.length;
    });
    connection.socket.resume();
    await sent;
    await settled(() => read);
    expect(read).toBeGreaterThan(totalBytes);
  }, 60_000);

  test('one that stalls does not slow another down', async () => {
    const upstream = await rawUpstream(async (connection) => {
      for (;;) {
        const head = await connection.requestHead();
        if (!head) return;
        if (!head.startLine.includes('/stalled')) connection.send(ok());
        else {
          connection.send(http(['HTTP/1.1 200 OK', `Content-Length: ${totalBytes}`]));
          await writeAll(connection, () => {});
        }
      }
    });
    const { proxy } = await sidecarFor(upstream);
    const stalled = open(proxy);
    stalled.pause();
    stalled.write(http(['GET /stalled HTTP/1.1', 'Host: a']));
    const first = await upstream.connection();
    await settled(() => first.socket.bytesWritten);
    for (let i = 0; i < 5; i += 1) {
      const socket = open(proxy);
      socket.write(http(['GET / HTTP/1.1', 'Host: a']));
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.toString('latin1')).toContain('200 OK');
    }
  }, 60_000);
});

function open(address: { host: string; port: number }) {
  const socket = connect(address);
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** Writes 400 MB as fast as the other side takes them. */
async function writeAll({ socket }: Pick<UpstreamConnection, 'socket'>, onTaken: (bytes: number) => void): Promise<void> {
  for (let sent = 0; sent < totalBytes; sent += piece.length) {
    const taken = socket.write(piece);
    if (!taken && !socket.destroyed) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    if (socket.destroyed) return;
    onTaken(piece.length);
  }
}
