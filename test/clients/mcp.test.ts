import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ListRootsRequestSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endToEndLines } from '../kit/pass.ts';
import { eventually } from '../kit/timing.ts';
import { throughSidecar, type Way } from './both-ways.ts';
import { type Recorder, recorderFor } from './recorder.ts';
import { tell } from './told.ts';

const server = fork(new URL('everything-process.ts', import.meta.url), { execArgv: [] });
let port = 0;

beforeAll(async () => {
  const [address] = (await once(server, 'message')) as [AddressInfo];
  port = address.port;
});

afterAll(async () => {
  const gone = once(server, 'exit');
  server.kill();
  await gone;
});

interface Session {
  client: Client;
  transport: StreamableHTTPClientTransport;
  /** Log messages of the server, in order. */
  logs: unknown[];
  /** Waits until the server was asked something that contains this. */
  reached: (text: string) => Promise<void>;
}

/** A client that answers what the server asks it, once the server has told so. */
async function connect({ url }: Way, recorder: Recorder): Promise<Session> {
  const client = new Client({ name: 'a-client', version: '1.2.3' }, { capabilities: { roots: { listChanged: true }, sampling: {} } });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///tmp', name: 'the root' }] }));
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
    model: 'a-model',
    role: 'assistant',
    content: { type: 'text', text: `You said: ${JSON.stringify(params.messages)}` },
  }));
  const logs: unknown[] = [];
  const synced = new Promise<void>((resolve) => {
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      logs.push(params);
      resolve();
    });
  });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`));
  // Its types and those of its own SDK disagree on optional members.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  // The server asks for the roots on the stream that the client holds open by GET, and says there that it got them.
  await synced;
  const reached = (text: string) => eventually(text, () => recorder.requests.some(({ body }) => body.includes(text)));
  return { client, transport, logs, reached };
}

interface Sidecar {
  dialect: string;
  policy?: Record<string, unknown>;
}

/** Uses the server both ways, and expects that neither side can tell. Gives what the client got and what the server was asked. */
async function sameBothWays({ dialect, policy }: Sidecar, use: (session: Session) => Promise<unknown>) {
  const [mine, its] = [await recorderFor(port), await recorderFor(port)];
  const whole = async (way: Way, recorder: Recorder) => {
    const session = await connect(way, recorder);
    const result = await use(session);
    await session.transport.terminateSession();
    await session.client.close();
    return { result, logs: session.logs };
  };
  const way = await throughSidecar(its, dialect, policy);
  const [direct, through] = await Promise.all([tell(() => whole(mine, mine)), tell(() => whole(way, its))]);
  expect(through).toStrictEqual(direct);
  const requests = asked(mine);
  expect(asked(its)).toStrictEqual(requests);
  return { told: direct as { value: { result: unknown; logs: unknown[] } }, requests };
}

/** What the server was asked. Several requests are under way at a time: their order says nothing. */
function asked({ requests }: Recorder) {
  const named = (line: string) => line.replace(/^(mcp-session-id): .+/i, '$1: a session');
  return requests
    .map((request) => ({ startLine: request.startLine, lines: endToEndLines(request).map(named), body: request.body }))
    .sort((one, other) => (one.startLine + one.body < other.startLine + other.body ? -1 : 1));
}

const policy = {
  timeout: { connect: '2s', firstByte: '10s', idle: '10s' },
  retry: { attempts: 2, on: ['network', 'overloaded'], backoff: { base: '10ms' } },
  circuitBreaker: {},
  bulkhead: { concurrent: 8 },
};

describe.each([
  { as: 'as http', dialect: 'http' },
  { as: 'as mcp', dialect: 'mcp' },
  { as: 'as mcp, with policies', dialect: 'mcp', policy },
])('an MCP client gets through the sidecar what it gets directly, $as', (sidecar) => {
  test('a session from initialize to DELETE, with the stream that the server speaks on', async () => {
    const { told, requests } = await sameBothWays(sidecar, async ({ client }) => ({
      server: client.getServerVersion(),
      capabilities: client.getServerCapabilities(),
      instructions: client.getInstructions(),
      tools: await client.listTools(),
      resources: await client.listResources(),
      templates: await client.listResourceTemplates(),
      prompts: await client.listPrompts(),
      ping: await client.ping(),
    }));
    expect(told).toMatchObject({
      value: {
        logs: [{ data: 'Roots updated: 1 root(s) received from client' }],
        result: {
          server: { name: 'mcp-servers/everything' },
          tools: { tools: expect.arrayContaining([expect.objectContaining({ name: 'echo' })]) },
          prompts: { prompts: expect.arrayContaining([expect.objectContaining({ name: 'simple-prompt' })]) },
        },
      },
    });
    expect(requests.map(({ startLine }) => startLine.split(' ')[0])).toEqual(expect.arrayContaining(['GET', 'POST', 'DELETE']));
    expect(requests.filter(({ lines }) => lines.some((line) => /^mcp-session-id: a session/i.test(line)))).toHaveLength(
      requests.length - 1,
    );
  });

  test('tool calls, good and bad', async () => {
    const { told } = await sameBothWays(sidecar, async ({ client }) => ({
      echo: await client.callTool({ name: 'echo', arguments: { message: 'Grüße – 你好' } }),
      sum: await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 3 } }),
      image: await client.callTool({ name: 'get-tiny-image' }),
      badArguments: await tell(() => client.callTool({ name: 'get-sum', arguments: { a: 'two' } })),
      unknown: await tell(() => client.callTool({ name: 'no-such-tool' })),
      resource: await tell(() => client.readResource({ uri: 'no-such://resource' })),
    }));
    expect(told).toMatchObject({
      value: {
        result: {
          echo: { content: [{ type: 'text', text: 'Echo: Grüße – 你好' }] },
          sum: { content: [{ text: 'The sum of 2 and 3 is 5.' }] },
          badArguments: { value: { isError: true } },
          resource: { error: { class: 'McpError' } },
        },
      },
    });
  });

  test('progress of a call that takes its time', async () => {
    const { told } = await sameBothWays(sidecar, async ({ client }) => {
      const progress: unknown[] = [];
      const result = await client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 4 } }, undefined, {
        onprogress: (one) => progress.push(one),
      });
      return { progress, result };
    });
    expect(told.value.result).toMatchObject({
      progress: [1, 2, 3, 4].map((one) => ({ progress: one, total: 4 })),
      result: { content: [{ text: 'Long running operation completed. Duration: 0.2 seconds, Steps: 4.' }] },
    });
  });

  test('a call in which the server asks the client', async () => {
    const { told } = await sameBothWays(sidecar, ({ client }) =>
      client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'a riddle', maxTokens: 9 } }),
    );
    expect(JSON.stringify(told.value.result)).toContain('You said:');
    expect(JSON.stringify(told.value.result)).toContain('a riddle');
  });

  test('a call that the client cancels', async () => {
    const { told, requests } = await sameBothWays(sidecar, async ({ client, reached }) => {
      const aborter = new AbortController();
      const call = client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } }, undefined, {
        signal: aborter.signal,
        onprogress: () => aborter.abort('enough'),
      });
      const result = await tell(() => call);
      // The client does not wait for it.
      await reached('notifications/cancelled');
      return result;
    });
    expect(told.value.result).toHaveProperty('error');
    expect(requests.filter(({ body }) => body.includes('notifications/cancelled'))).toHaveLength(1);
  });
});
