import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../core/clock.ts';
import { mulberry32 } from '../core/mulberry32.ts';
import { answerOf, type Format } from './answer.ts';
import { faultyAnswer } from './faulty.ts';
import { playScript } from './play-script.ts';
import { RequestLimit } from './request-limit.ts';
import type { Pace } from './script.ts';
import { drawFault, type Weather } from './weather.ts';
import { answerWebSocket } from './web-socket.ts';

/** One of the servers that are simulated. */
export interface SimulatedUpstream {
  readonly format: Format;
  readonly pace: Pace;
  readonly weather: Weather;
}

export interface SimulatedServerOptions {
  /** By the first segment of the path. */
  readonly upstreams: Readonly<Record<string, SimulatedUpstream>>;
  /** Of 32 bits: the same seed gives each upstream the same faults for the same sequence of requests. */
  readonly seed: number;
  readonly clock: Clock;
  /** On loopback; 0 for any that is free. */
  readonly port?: number;
}

export interface SimulatedServer {
  /** Behind it comes the name of an upstream. */
  readonly url: string;
  close(): Promise<void>;
}

/** Requests a minute that a provider of OpenAI's kind speaks of: it refuses nobody, and callers wait where a limit is used up. */
const requestsPerMinute = 10_000;

/** Of the turns of a WebSocket, in any weather. */
const failingTurns = 0.1;

interface Running extends SimulatedUpstream {
  readonly random: () => number;
  readonly limit: RequestLimit | undefined;
}

/** Model providers and tools that fail now and then, on a port of loopback. */
export async function startSimulatedServer({ upstreams, seed, clock, port = 0 }: SimulatedServerOptions): Promise<SimulatedServer> {
  const running = new Map<string, Running>(
    Object.entries(upstreams).map(([name, upstream], index) => [
      name,
      {
        ...upstream,
        random: mulberry32(seed + index),
        limit: upstream.format === 'openai' ? new RequestLimit(requestsPerMinute) : undefined,
      },
    ]),
  );
  const startMs = clock.now();
  const served = new WeakSet<Socket>();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { name, path } = split(request.url ?? '/');
    const upstream = running.get(name);
    const { method = 'GET', socket } = request;
    const asked = { method, path, body: await buffer(request) };
    if (!upstream) {
      response.writeHead(404).end();
      return;
    }
    const { format, weather, pace, random, limit } = upstream;
    const drawn = drawFault(weather, clock.now() - startMs, random);
    const fault = drawn === 'stale-connection' && !served.has(socket) ? undefined : drawn;
    served.add(socket);
    const terms = { pace, wallMs: clock.wall() };
    const script = fault ? faultyAnswer(format, asked, terms, fault) : answerOf(format, asked, terms);
    await playScript(limit ? { ...script, headers: [...script.headers, ...limit.take(clock.now())] } : script, response, clock);
  };

  const server = createServer((request, response) => {
    // A client that left while its request was read has no answer to get.
    serve(request, response).catch(() => response.destroy());
  });
  const tunnels = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const upstream = running.get(split(request.url ?? '/').name);
    if (!upstream) {
      socket.destroy();
      return;
    }
    tunnels.add(socket);
    socket.on('close', () => tunnels.delete(socket));
    answerWebSocket(request, socket, head, () => upstream.random() < failingTurns);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a server on a port has an address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
      await closed;
    },
  };
}

function split(url: string): { name: string; path: string } {
  const [, name = '', path = ''] = /^\/([^/?]*)(.*)$/.exec(url) ?? [];
  return { name, path: path.startsWith('/') ? path : `/${path}` };
}
