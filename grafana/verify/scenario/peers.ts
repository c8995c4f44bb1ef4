import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { WebSocketServer } from 'ws';

/** A server that is gone when its block ends. */
export interface Peer extends AsyncDisposable {
  readonly url: string;
}

/** The MCP reference server, as a process of its own on 127.0.0.1. */
export async function startToolServer(): Promise<Peer> {
  const child: ChildProcess = fork(resolve(import.meta.dirname, '../../../test/clients/everything-process.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [address] = (await once(child, 'message')) as [AddressInfo];
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

/** Answers OpenAI's responses over WebSockets; every third one fails. */
export async function startRealtimeServer(): Promise<Peer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  let asked = 0;
  server.on('connection', (socket) => {
    socket.on('message', () => {
      asked += 1;
      const id = `resp_${asked}`;
      const failed = { type: 'response.failed', response: { id, status: 'failed', error: { code: 'server_error', message: 'broken' } } };
      const usage = { input_tokens: 30, output_tokens: 12, total_tokens: 42 };
      const completed = { type: 'response.completed', response: { id, status: 'completed', usage } };
      socket.send(JSON.stringify({ type: 'response.created', response: { id, status: 'in_progress' } }));
      socket.send(JSON.stringify(asked % 3 === 0 ? failed : completed));
    });
  });
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
