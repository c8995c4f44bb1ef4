import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

/** Listens and then never runs again, so that nothing is accepted. */
const program = `
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** The URL of a server to which no TCP connection comes about: its queue is full, and the kernel drops what else knocks. */
export async function blackHole(): Promise<{ url: string }> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [output] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(output.toString());
  while (await queued(port));
  return { url: `http://127.0.0.1:${port}` };
}

/** Whether the kernel still put a connection into the queue. */
async function queued(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => {});
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true));
  const timer = setTimeout(() => resolve(false), 150);
  const inQueue = await promise;
  clearTimeout(timer);
  if (!inQueue) socket.destroy();
  return inQueue;
}
