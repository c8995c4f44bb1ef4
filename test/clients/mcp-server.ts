import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as SessionServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { onTestFinished } from 'vitest';
import { listening } from '../kit/listening.ts';
import { eventStore } from './mcp-event-store.ts';

/** What each tool says of itself; every call of one is an effect that is counted. */
const tools = {
  look: { readOnlyHint: true },
  put: { readOnlyHint: false, idempotentHint: true, destructiveHint: false },
  add: {},
  remove: { destructiveHint: true, idempotentHint: true },
};

export type ToolName = keyof typeof tools | 'fail' | 'slow';

/** A fault that hits one answer: the next one to a request whose body has `request` in it. */
interface Fault {
  request: string;
  /** The connection is cut behind the chunk that has this in it; before the first byte of the answer unless set. */
  behind?: string;
  /** The request is answered with this status and not worked on. */
  status?: number;
}

/** A server made with one of the SDKs. */
export interface ToolServer {
  url: string;
  /** How often each tool was called. */
  readonly effects: Readonly<Record<string, number>>;
  /** Every request that it got, in order. */
  readonly requests: readonly { method: string; headers: IncomingMessage['headers']; body: string }[];
  /** Arms a fault for one answer. */
  break(fault: Fault): void;
  /** Lets `slow` end; it begins with a note of progress. */
  readonly proceed: () => void;
}

type Handle = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

/** A server of revision 2025-11-25: sessions, and streams that can be resumed. Gone when the test has finished. */
export function sessionServer(): Promise<ToolServer> {
  return serve(({ count, slow }) => {
    const transports = new Map<string, StreamableHTTPServerTransport>();
    const open = async () => {
      const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        eventStore: eventStore(),
        onsessioninitialized: (id) => void transports.set(id, transport),
      });
      const server = new SessionServer({ name: 'sessions', version: '1' });
      for (const [name, annotations] of Object.entries(tools)) server.registerTool(name, { annotations }, () => count(name));
      server.registerTool('fail', {}, () => ({ ...count('fail'), isError: true }));
      server.registerTool('slow', {}, async ({ sendNotification, _meta, signal }) => {
        const progressToken = _meta?.progressToken ?? 0;
        await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
        await slow(signal);
        return count('slow');
      });
      // Its types and those of its own SDK disagree on optional members.
      await server.connect(transport as Parameters<SessionServer['connect']>[0]);
      return transport;
    };
    return async (request, response, body) => {
      const transport = transports.get(String(request.headers['mcp-session-id'])) ?? (await open());
      await transport.handleRequest(request, response, body);
    };
  });
}

/** A server of revision 2026-07-28: no sessions. Gone when the test has finished. */
export async function statelessServer(): Promise<ToolServer & { toolsChanged: () => void }> {
  let toolsChanged = () => {};
  const served = await serve(({ count, slow }) => {
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: 'stateless', version: '1' }, { capabilities: { tools: { listChanged: true } } });
      for (const [name, annotations] of Object.entries(tools)) server.registerTool(name, { annotations }, () => count(name));
      server.registerTool('fail', {}, () => ({ ...count('fail'), isError: true }));
      server.registerTool('slow', {}, async ({ mcpReq }) => {
        const progressToken = mcpReq._meta?.progressToken ?? 0;
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
        await slow(mcpReq.signal);
        return count('slow');
      });
      return server;
    });
    toolsChanged = () => handler.notify.toolsChanged();
    // Its types and those of Node disagree on optional members.
    return toNodeHandler(handler) as unknown as Handle;
  });
  return { ...served, toolsChanged };
}

interface Effects {
  readonly count: (name: string) => { content: { type: 'text'; text: string }[] };
  /** Resolves when the test lets it proceed, or the call was cancelled. */
  readonly slow: (signal: AbortSignal) => Promise<void>;
}

async function serve(handlerFor: (effects: Effects) => Handle): Promise<ToolServer> {
  const effects: Record<string, number> = {};
  const requests: { method: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const faults: Fault[] = [];
  const proceeding = Promise.withResolvers<void>();
  const handle = handlerFor({
    count(name) {
      const times = (effects[name] ?? 0) + 1;
      effects[name] = times;
      return { content: [{ type: 'text', text: `${name} ${times}` }] };
    },
    async slow(signal) {
      await Promise.race([proceeding.promise, once(signal, 'abort')]);
    },
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = await request.toArray();
    const body = Buffer.concat(chunks).toString();
    requests.push({ method: request.method ?? '', headers: request.headers, body });
    const at = faults.findIndex((fault) => body.includes(fault.request));
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    if (fault?.status !== undefined) {
      response.writeHead(fault.status).end();
      return;
    }
    if (fault) sabotage(response, fault);
    await handle(request, response, body === '' ? undefined : JSON.parse(body));
  };
  const server = createServer((request, response) => void answer(request, response));
  const port = await listening(server);
  onTestFinished(() => proceeding.resolve());
  return { url: `http://127.0.0.1:${port}`, effects, requests, break: (fault) => faults.push(fault), proceed: proceeding.resolve };
}

/** Cuts the connection at the place where the fault is. What was written before that gets through. */
function sabotage(response: ServerResponse, { behind }: Fault): void {
  for (const name of ['write', 'end'] as const) {
    const original = response[name].bind(response) as (...given: unknown[]) => boolean;
    Reflect.set(response, name, (...given: unknown[]) => {
      const [chunk] = given;
      const text = chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : chunk;
      if (behind === undefined) {
        response.socket?.destroy();
        return false;
      }
      if (typeof text !== 'string' || !text.includes(behind)) return original(...given);
      return original(chunk, () => response.socket?.destroy());
    });
  }
}
