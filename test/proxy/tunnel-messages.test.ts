import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { sidecar } from '../kit/start-sidecar.ts';
import { counted } from '../policies-e2e/kit.ts';

test.each([false, true])('messages in WebSockets are counted by direction, and their ends by kind (compressed: %s)', async (compressed) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: compressed && { threshold: 0 } });
  onTestFinished(() => server.close());
  await once(server, 'listening');
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      for (let copies = 0; copies < 3; copies += 1) socket.send(data);
      if (data.length > 90_000) socket.close(4001);
    }),
  );
  const product = await sidecar({
    upstreams: { main: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, dialect: 'http' } },
    routes: [{ path: '/', upstream: 'main' }],
  });

  const play = async (sizes: readonly number[], end?: (socket: WebSocket) => void) => {
    const socket = new WebSocket(`ws://${product.proxy.host}:${product.proxy.port}/`, { perMessageDeflate: compressed });
    socket.on('error', () => {});
    await once(socket, 'open');
    let received = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('message', () => {
        received += 1;
        if (received === 3 * sizes.length) resolve();
      });
    });
    const closed = once(socket, 'close');
    for (const size of sizes) socket.send('x'.repeat(size));
    await all;
    end?.(socket);
    await closed;
  };
  await play([1, 500, 70_000], (socket) => socket.close(1000));
  await play([20], (socket) => socket.terminate());
  await play([100_000]);

  const count = await counted(product, 3);
  expect(count('websocket_messages_total{upstream="main",direction="sent"}')).toBe(5);
  expect(count('websocket_messages_total{upstream="main",direction="received"}')).toBe(15);
  const ends = ['normal', 'application', 'none', 'error'].map((how) => count(`websocket_closes_total{upstream="main",how="${how}"}`));
  expect(ends).toEqual([1, 1, 1, 0]);
});
