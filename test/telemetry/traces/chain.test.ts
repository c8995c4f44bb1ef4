import { describe, expect, it } from 'vitest';
import { valuesOf } from '../../kit/http-message.ts';
import { http, ok } from '../../kit/http-text.ts';
import { rawClient } from '../../kit/raw-client.ts';
import { answer, rawUpstream } from '../../kit/raw-upstream.ts';
import { eventually } from '../../kit/timing.ts';
import { agentParent, agentSpan, agentTrace, behindRoot, parentIn, traced } from './kit.ts';

const busy = http(['HTTP/1.1 503 Busy', 'Content-Length: 0']);
const retry = { attempts: 3, backoff: { strategy: 'fixed', base: '1ms', jitter: 'none' } };

describe('a trace', () => {
  it("goes from the agent's span over the call's and the attempt's to the upstream, which gets one traceparent", async () => {
    const upstream = await rawUpstream();
    const it = await traced(behindRoot(upstream));
    await it.ask([
      'GET /a HTTP/1.1',
      `TraceParent: ${agentParent}`,
      'tracestate: vendor=1',
      'Tracestate: other=2',
      'baggage: user=7',
      'X-Other: 1',
    ]);
    await it.spans();
    const [server, client, sent] = [it.receiver.span('server'), it.receiver.span('client'), parentIn(upstream.requests[0])];
    expect(server).toMatchObject({ traceId: agentTrace, parentId: agentSpan, name: 'GET /', state: 'vendor=1,other=2' });
    expect(client).toMatchObject({ traceId: agentTrace, parentId: server.spanId, name: 'GET' });
    expect(sent).toEqual({ traceId: agentTrace, spanId: client.spanId, flags: '01' });
    expect(valuesOf(upstream.requests[0]!, 'tracestate')).toEqual(['vendor=1,other=2']);
    expect(valuesOf(upstream.requests[0]!, 'baggage')).toEqual([]);
    expect(valuesOf(upstream.requests[0]!, 'x-other')).toEqual(['1']);
    expect(server.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.route': '/',
      'http.response.status_code': 200,
      'url.scheme': 'http',
    });
    expect(client.attributes).toMatchObject({ 'server.address': '127.0.0.1', 'server.port': upstream.port, 'outrigger.verdict': 'ok' });
    expect(client.startNanos).toBeGreaterThanOrEqual(server.startNanos);
    expect(client.endNanos).toBeLessThanOrEqual(server.endNanos);
    expect(Math.abs(Number(server.endNanos / 1_000_000n) - Date.now())).toBeLessThan(20_000);
  });

  it('begins here where the agent sends none, or none that is valid, or two', async () => {
    const upstream = await rawUpstream();
    const it = await traced(behindRoot(upstream), { traces: { sample: '100%' } });
    await it.ask(['GET /a HTTP/1.1']);
    await it.ask(['GET /b HTTP/1.1', `traceparent: 00-${'0'.repeat(32)}-${agentSpan}-01`, 'tracestate: a=1']);
    await it.ask(['GET /c HTTP/1.1', `traceparent: ${agentParent}`, `traceparent: ${agentParent}`]);
    const spans = await it.spans();
    const sent = upstream.requests.map(parentIn);
    expect(new Set(sent.map(({ traceId }) => traceId)).size).toBe(3);
    expect(sent.map(({ traceId }) => traceId)).not.toContain(agentTrace);
    for (const { traceId, spanId, flags } of sent) {
      const client = spans.find((span) => span.spanId === spanId);
      const server = spans.find((span) => span.spanId === client?.parentId);
      expect([client?.traceId, server?.traceId, server?.parentId, server?.kind, flags]).toEqual([traceId, traceId, '', 'server', '01']);
    }
    expect(upstream.received).not.toContain('tracestate');
  });

  it('has a span of its own for every retry, linked to the attempt before', async () => {
    const upstream = await rawUpstream(answer((_, index) => (index < 2 ? busy : ok())));
    const it = await traced(behindRoot(upstream, { retry }));
    await it.ask(['GET /a HTTP/1.1', `traceparent: ${agentParent}`]);
    await it.spans();
    const clients = [1, 2, 3].map((attempt) => it.receiver.span('client', attempt));
    const server = it.receiver.span('server');
    expect(upstream.requests.map((request) => parentIn(request).spanId)).toEqual(clients.map(({ spanId }) => spanId));
    expect(clients.map(({ parentId }) => parentId)).toEqual([server.spanId, server.spanId, server.spanId]);
    expect(clients.map(({ links }) => links.map(({ spanId }) => spanId))).toEqual([[], [clients[0]!.spanId], [clients[1]!.spanId]]);
    expect(clients[1]!.links[0]!.attributes).toEqual({ 'outrigger.link': 'retry', 'outrigger.reason': 'overloaded' });
    expect(clients.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1, 2]);
    expect(clients.map(({ status }) => status)).toEqual([2, 2, 0]);
    expect(clients[0]!.attributes).toMatchObject({
      'error.type': '503',
      'http.response.status_code': 503,
      'outrigger.verdict': 'overloaded',
    });
    const retries = server.events.filter(({ name }) => name === 'outrigger.retry');
    expect(retries.map(({ attributes }) => attributes['outrigger.reason'])).toEqual(['overloaded', 'overloaded']);
    expect(server.attributes).toMatchObject({ 'outrigger.outcome': 'retried' });
    expect(server.status).toBe(0);
  });

  it('follows a fallback to another upstream', async () => {
    const main = await rawUpstream(answer(busy));
    const spare = await rawUpstream();
    const it = await traced({
      upstreams: { main: { url: main.url, dialect: 'http' }, spare: { url: spare.url, dialect: 'http' } },
      policies: { only: { fallback: [{ upstream: 'spare' }] } },
      routes: [{ path: '/', upstream: 'main', policy: 'only' }],
    });
    await it.ask(['GET /a HTTP/1.1', `traceparent: ${agentParent}`, 'tracestate: v=1', 'baggage: a=b']);
    await it.spans();
    const [first, second, server] = [it.receiver.span('client', 1), it.receiver.span('client', 2), it.receiver.span('server')];
    expect(parentIn(spare.requests[0])).toEqual({ traceId: agentTrace, spanId: second.spanId, flags: '01' });
    expect([first.parentId, second.parentId]).toEqual([server.spanId, server.spanId]);
    expect(second.links).toEqual([
      { traceId: agentTrace, spanId: first.spanId, attributes: { 'outrigger.link': 'fallback', 'outrigger.reason': 'overloaded' } },
    ]);
    expect(second.attributes).toMatchObject({
      'outrigger.upstream': 'spare',
      'outrigger.fallback.from': 'main',
      'server.port': spare.port,
    });
    expect(spare.received).not.toContain('baggage');
  });

  it('carries on the context in the _meta of an MCP message, with a link to that of the HTTP request', async () => {
    const upstream = await rawUpstream(answer(ok('{"jsonrpc":"2.0","id":7,"result":{}}', 'Content-Type: application/json')));
    const it = await traced(behindRoot(upstream, undefined, { dialect: 'mcp' }));
    const inMeta = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const message = {
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name: 'add', arguments: {}, _meta: { traceparent: inMeta, tracestate: 'm=1' } },
    };
    await it.ask(['POST /mcp HTTP/1.1', 'Content-Type: application/json', `traceparent: ${agentParent}`], JSON.stringify(message));
    await it.spans();
    const [server, client] = [it.receiver.span('server'), it.receiver.span('client')];
    expect(server).toMatchObject({ traceId: 'a'.repeat(32), parentId: 'b'.repeat(16), state: 'm=1' });
    expect(server.links.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([[agentTrace, agentSpan]]);
    expect(parentIn(upstream.requests[0])).toEqual({ traceId: 'a'.repeat(32), spanId: client.spanId, flags: '01' });
    expect(client.parentId).toBe(server.spanId);
    expect(client.name).toBe('tools/call add');
    expect(client.attributes).toMatchObject({ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'add', 'jsonrpc.request.id': '7' });
    // The message itself goes on byte for byte.
    expect(upstream.requests[0]!.body).toBe(JSON.stringify(message));
  });

  it('follows a WebSocket to its end', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.requestHead();
      connection.send(http(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: x']));
    });
    const it = await traced(behindRoot(upstream));
    const agent = await rawClient(it.sidecar.proxy);
    const lines = [
      'GET /ws HTTP/1.1',
      'Host: h',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: eA==',
      'Sec-WebSocket-Version: 13',
    ];
    agent.send(http([...lines, `traceparent: ${agentParent}`]));
    await agent.responseHead({ interim: true });
    agent.close();
    await eventually('the tunnel is closed', () => upstream.open === 0);
    await it.spans();
    const [server, client] = [it.receiver.span('server'), it.receiver.span('client')];
    expect(server).toMatchObject({ traceId: agentTrace, parentId: agentSpan });
    expect(server.attributes['http.response.status_code']).toBe(101);
    expect(client).toMatchObject({ parentId: server.spanId, traceId: agentTrace });
    expect(upstream.received.match(/^traceparent: (.*)$/gim)).toEqual([`traceparent: 00-${agentTrace}-${client.spanId}-01`]);
  });
});

describe('without traces', () => {
  it('a trace context passes as it is', async () => {
    const upstream = await rawUpstream();
    const { sidecarFor } = await import('../../kit/start-sidecar.ts');
    const { exchange } = await import('../../kit/raw-client.ts');
    const it = await sidecarFor(upstream, { telemetry: { log: { level: 'silent' } } });
    const lines = [`TraceParent: ${agentParent}`, 'traceparent: nonsense', 'tracestate: a=1', 'Baggage: b=2'];
    await exchange(it.proxy, http(['GET / HTTP/1.1', 'Host: h', ...lines]));
    for (const line of lines) expect(upstream.received).toContain(`${line}\r\n`);
  });
});
