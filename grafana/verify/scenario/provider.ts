import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Behaviour, type Deed } from './behaviour.ts';
import { type Asked, errorOf, rateLimits, streamOf, wholeOf } from './wire.ts';

/** A server that stands for all providers of the scenario; the first segment of a path is the name of the upstream. */
export interface Provider extends AsyncDisposable {
  readonly url: string;
}

/** Between two chunks of a stream. */
const chunkMs = 15;

/** Starts the scripted provider on a free port of 127.0.0.1. It speaks OpenAI's and Anthropic's formats, and has a search. */
export async function startProvider(): Promise<Provider> {
  const behaviour = new Behaviour();
  const served = new WeakMap<Socket, number>();
  const server = createServer((request, response) => {
    const before = served.get(request.socket) ?? 0;
    served.set(request.socket, before + 1);
    void serve(request, response, behaviour, before).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, behaviour: Behaviour, before: number): Promise<void> {
  const [, upstream = ''] = (request.url ?? '').split('/');
  const body = await text(request);
  const asked = readAsked(request.url ?? '', body);
  const deed = behaviour.of(body || decodeURIComponent(request.url ?? ''), `${upstream}/${asked.model}`);
  const refused = errorOf(deed, asked.format);
  if (refused) {
    response.writeHead(refused.status, { 'content-type': 'application/json', ...refused.headers }).end(refused.body);
  } else if (deed === 'reset' || (deed === 'drop-kept' && before > 0)) {
    request.socket.resetAndDestroy();
  } else if (deed !== 'hang') {
    // Long enough that a scrape finds a queue behind it: there is one a second.
    await sleep(deed === 'slow' ? 1200 : 20 + Math.random() * 60);
    await answer(response, asked, deed, rateLimits(asked));
  }
}

async function answer(response: ServerResponse, asked: Asked, deed: Deed, limits: Readonly<Record<string, string>>): Promise<void> {
  if (!asked.stream) {
    response.writeHead(200, { 'content-type': 'application/json', ...limits }).end(wholeOf(asked, deed));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...limits });
  const events = streamOf(asked, deed);
  for (const [index, event] of events.entries()) {
    if (response.destroyed) return;
    if (deed === 'cut' && index > events.length / 2) return void response.destroy();
    if (deed === 'stall' && index > events.length / 2) return;
    response.write(event);
    await sleep(chunkMs);
  }
  response.end();
}

function readAsked(url: string, body: string): Asked {
  if (body === '') return { format: 'search', model: '', stream: false, json: false };
  const {
    model = '',
    stream = false,
    response_format: wanted,
  } = JSON.parse(body) as { model?: string; stream?: boolean; response_format?: object };
  return { format: url.includes('/messages') ? 'anthropic' : 'openai', model, stream, json: wanted !== undefined };
}
