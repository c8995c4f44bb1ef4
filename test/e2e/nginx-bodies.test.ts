import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually, settled } from '../kit/timing.ts';
import { startProcess } from '../life/sidecar-process.ts';
import { digestOf, megabytes } from './bulk.ts';
import { call, textOf } from './call.ts';
import { type Nginx, nginx } from './nginx.ts';
import { run } from './program.ts';

const text = 'The quick brown fox jumps over the lazy dog.\n'.repeat(500);

describe('nginx behind the sidecar', () => {
  test('gets 50 calls on one connection', async () => {
    const upstream = await nginx('location /ok { return 200 ok; }');
    const url = await through(upstream);
    for (let i = 0; i < 50; i += 1) expect(await textOf(await call(`${url}/ok`))).toBe('ok');
    await eventually('all are in its log', () => upstream.served().length === 50);
    expect(new Set(upstream.served().map(({ connection }) => connection)).size).toBe(1);
  });

  test('that ends its connections after 3 requests fails none of 400 calls', async () => {
    const upstream = await nginx('keepalive_requests 3; location /ok { return 200 ok; }');
    const url = await through(upstream);
    for (const method of ['GET', 'POST']) {
      for (let i = 0; i < 200; i += 1) {
        const response = await call(`${url}/ok`, { method, ...(method === 'POST' && { body: 'body' }) });
        expect([response.statusCode, await textOf(response)]).toEqual([200, 'ok']);
      }
    }
    await eventually('all are in its log', () => upstream.served().length === 400);
    const connections = new Set(upstream.served().map(({ connection }) => connection));
    // 400 / 3, and none thrown away before its time.
    expect(connections.size).toBe(134);
  });

  test('that ends its connections after 3 requests fails none of 200 calls, 20 at a time', async () => {
    const upstream = await nginx('keepalive_requests 3; location /ok { return 200 ok; }');
    const url = await through(upstream);
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await call(`${url}/ok`, { agent });
        await textOf(response);
        return response.statusCode;
      }),
    );
    agent.destroy();
    expect(statuses).toEqual(statuses.map(() => 200));
    await eventually('all are in its log', () => upstream.served().length === 200);
  });

  test.each(['gzip', 'identity'])('sends %s, and the agent gets the bytes and fields that nginx sent', async (encoding) => {
    const upstream = await nginx('', 'gzip on; gzip_types *; gzip_min_length 1; gzip_vary on;');
    writeFileSync(join(upstream.files, 'text.txt'), text);
    const url = await through(upstream);
    const headers = { 'accept-encoding': encoding };
    const direct = await call(`${upstream.url}/files/text.txt`, { headers });
    const got = await call(`${url}/files/text.txt`, { headers });
    const [sent, received] = [await textOf(direct), await textOf(got)];
    expect(received === sent).toBe(true);
    expect(fieldsOf(got.rawHeaders)).toEqual(fieldsOf(direct.rawHeaders));
    expect(got.headers['content-encoding']).toBe(encoding === 'gzip' ? 'gzip' : undefined);
    expect(encoding === 'gzip' ? gunzipSync(Buffer.from(received, 'latin1')).toString() : received).toBe(text);
  });

  test('answers ranges, conditions and HEAD as if nobody stood between', async () => {
    const upstream = await nginx();
    writeFileSync(join(upstream.files, 'text.txt'), text);
    const url = `${await through(upstream)}/files/text.txt`;
    const range = await call(url, { headers: { range: 'bytes=4-8' } });
    expect([range.statusCode, range.headers['content-range'], await textOf(range)]).toEqual([206, `bytes 4-8/${text.length}`, 'quick']);
    const head = await call(url, { method: 'HEAD' });
    expect([head.statusCode, head.headers['content-length'], await textOf(head)]).toEqual([200, String(text.length), '']);
    const known = await call(url, { headers: { 'if-none-match': head.headers.etag ?? '' } });
    expect([known.statusCode, await textOf(known)]).toEqual([304, '']);
  });
});

describe('a body of', () => {
  test('200 MB comes down whole, and is not kept in memory', async () => {
    const upstream = await nginx();
    await pipeline(megabytes(200), createWriteStream(join(upstream.files, 'big')));
    const { url, child } = await throughProcess(upstream);
    await textOf(await call(`${url}/files/`));
    const before = peakMegabytes(child.pid);
    const response = await call(`${url}/files/big`);
    expect(await digestOf(response)).toEqual(await digestOf(megabytes(200)));
    expect(peakMegabytes(child.pid) - before).toBeLessThan(120);
  });

  test('200 MB waits for an agent that does not read', async () => {
    const upstream = await nginx();
    await pipeline(megabytes(200), createWriteStream(join(upstream.files, 'big')));
    const { url, child } = await throughProcess(upstream);
    await textOf(await call(`${url}/files/`));
    const before = peakMegabytes(child.pid);
    const response = await call(`${url}/files/big`);
    // A sidecar that took all there is would grow until it had it.
    expect((await settled(() => peakMegabytes(child.pid), 1_000)) - before).toBeLessThan(120);
    expect(await digestOf(response)).toEqual(await digestOf(megabytes(200)));
  });

  test.each([
    ['of known length', 50],
    ['chunked', 50],
    ['small enough to be kept for a retry', 15],
  ])('an upload arrives whole: %s', async (what, count) => {
    const upstream = await nginx('client_max_body_size 100m; location /put/ { root files; dav_methods PUT; create_full_put_path on; }');
    const { url, child } = await throughProcess(upstream, { retry: {} });
    await textOf(await call(`${url}/files/`));
    const before = peakMegabytes(child.pid);
    const headers = what === 'chunked' ? {} : { 'content-length': count * 1024 * 1024 };
    const response = await call(`${url}/put/big`, { method: 'PUT', headers, body: megabytes(count) });
    await textOf(response);
    expect(response.statusCode).toBe(201);
    expect(await digestOf(createReadStream(join(upstream.files, 'put/big')))).toEqual(await digestOf(megabytes(count)));
    expect(peakMegabytes(child.pid) - before).toBeLessThan(120);
  });

  test('more than nginx allows is refused by it with 413, which reaches the agent during its upload', async () => {
    const upstream = await nginx('client_max_body_size 1m; location /put/ { root files; dav_methods PUT; create_full_put_path on; }');
    const url = await through(upstream);
    const file = join(upstream.files, 'upload');
    await pipeline(megabytes(30), createWriteStream(file));
    for (const more of [[], ['-H', 'Transfer-Encoding: chunked'], ['-H', 'Expect:']]) {
      const { code, stdout } = await run('curl', ['-sS', '--max-time', '20', '-T', file, ...more, '-w', '%{http_code}', `${url}/put/a`]);
      expect([code, stdout.slice(-3)]).toEqual([0, '413']);
      expect(stdout).toContain('<center>nginx');
    }
    // And it was no reason to close anything for good.
    expect((await call(`${url}/files/upload`, { method: 'HEAD' })).statusCode).toBe(200);
  });
});

/** A sidecar in this process. */
async function through({ url }: Nginx): Promise<string> {
  const { proxy } = await sidecarFor({ url });
  return `http://${proxy.host}:${proxy.port}`;
}

/** A sidecar in a process of its own, whose memory is its own. */
async function throughProcess({ url }: Nginx, policy?: Record<string, unknown>) {
  const { proxy, child } = await startProcess({
    upstreams: { nginx: { url, dialect: 'http' } },
    routes: [{ path: '/', upstream: 'nginx', ...(policy && { policy: 'only' }) }],
    ...(policy && { policies: { only: policy } }),
  });
  return { url: proxy, child };
}

/** The most memory that a process has ever had in use, in megabytes. */
function peakMegabytes(pid: number | undefined): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error(`no memory figure of process ${pid}`);
  return Number(kilobytes) / 1024;
}

/** Without those of one connection, of the time, and our own. */
function fieldsOf(raw: readonly string[]): string[] {
  const lines = Array.from({ length: raw.length / 2 }, (_, i) => `${raw[2 * i]}: ${raw[2 * i + 1]}`);
  return lines.filter((line) => !/^(connection|keep-alive|date|transfer-encoding|server-timing|x-outrigger-.*):/i.test(line));
}
