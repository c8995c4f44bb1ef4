import { onTestFinished } from 'vitest';
import type { AdminRoute } from '../../src/admin/route.ts';
import { type AdminServer, type AdminServerOptions, startAdminServer } from '../../src/admin/server.ts';
import { type AdminSettings, adminSettings } from '../../src/admin/settings.ts';
import type { AdminSources } from '../../src/admin/sources.ts';
import { rawClient } from '../kit/raw-client.ts';

export const plainSources: AdminSources = {
  ready: () => ({ ready: true, reason: '' }),
  health: () => ({ status: 'healthy', checks: [] }),
  upstreams: () => [{ name: 'openai', circuit: 'closed' }],
  policies: () => ({ openai: { circuitBreaker: { state: 'closed' } } }),
  costs: () => [{ upstream: 'openai', model: 'gpt-5', costUsd: 1.5 }],
  config: () => ({ listen: '127.0.0.1:4141' }),
  metrics: () => Promise.resolve('outrigger_bugs_total 0\n'),
};

export interface Setup {
  readonly settings?: Partial<AdminSettings>;
  readonly sources?: Partial<AdminSources>;
  readonly routes?: readonly AdminRoute[];
  readonly options?: Partial<AdminServerOptions>;
}

/** An admin server on a free port. It is closed when the test has finished. */
export async function admin({ settings, sources, routes, options }: Setup = {}): Promise<AdminServer & { port: number }> {
  const all = adminSettings.parse({ listen: '127.0.0.1:0', ...settings });
  const server = await startAdminServer({
    sources: { ...plainSources, ...sources },
    settings: () => all,
    ...(routes && { routes }),
    ...options,
  });
  onTestFinished(() => server.close());
  return { ...server, port: Number(new URL(server.url).port) };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** The body read as JSON. */
  readonly json: () => unknown;
}

/** Sends bytes as they are and reads until the other side closes; a reset after an answer, as of who did not read all, is a close. */
export async function raw(port: number, text: string): Promise<RawAnswer> {
  const client = await rawClient({ host: '127.0.0.1', port });
  client.send(text);
  await client.ended;
  return parse(Buffer.from(client.received, 'latin1').toString());
}

/** One request with exactly these header fields beside `Connection: close`. */
export function ask(port: number, target: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<RawAnswer> {
  const fields = Object.entries({ Host: `127.0.0.1:${port}`, Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return raw(port, `${method} ${target} HTTP/1.1\r\n${fields.join('')}\r\n${body}`);
}

/** One POST with a body of JSON, a character for each byte. */
export function post(port: number, target: string, body: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return ask(port, target, { 'Content-Type': 'application/json', 'Content-Length': String(body.length), ...headers }, 'POST', body);
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...fields] = text.slice(0, end).split('\r\n');
  const headers = new Map<string, string>();
  for (const field of fields) {
    const name = field.slice(0, field.indexOf(':')).toLowerCase();
    const value = field.slice(field.indexOf(':') + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  const body = text.slice(end + 4);
  return { status: Number(start.split(' ')[1]), headers, body, json: () => JSON.parse(body) };
}
