import { expect, onTestFinished } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { type HttpHead, statusOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';
import { exchange, type RawClient, rawClient } from '../kit/raw-client.ts';
import { type RawUpstream, rawUpstream, type Script, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { handles } from '../kit/resources.ts';
import { isBug } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';
import { saying } from '../policies-e2e/kit.ts';

/** Stands in every place of a request where a credential can stand. */
const canary = 'sk-canary7f3a91c5';

const credentials = [`Authorization: Bearer ${canary}`, `X-Api-Key: ${canary}`, `Cookie: session=${canary}`];

const well = saying('well').replace('\r\n', '\r\nConnection: close\r\n');

/** What an upstream does with one request, the `asked`-th from 0. With `next` it takes more on the same connection. */
type Act = (connection: UpstreamConnection, asked: number, head: HttpHead) => undefined | 'next' | Promise<undefined | 'next'>;

/** An upstream that does this with every whole request, but answers an ordinary call, on a connection of its own. */
export function faulty(act: Act): Script {
  let asked = 0;
  return async (connection) => {
    for (;;) {
      const head = await connection.requestHead();
      if (!head) return;
      await connection.requestBody(head);
      if (head.startLine.includes('/well')) connection.send(well);
      else {
        asked += 1;
        if ((await act(connection, asked - 1, head)) !== 'next') return;
      }
    }
  };
}

/** The bytes of a chat request that carries the canary. */
export function chatCall(stream = false): string {
  const body = `{"model":"gpt-large","stream":${stream},"messages":[{"role":"user","content":"hi"}]}`;
  const fields = ['Host: sidecar', ...credentials, 'Content-Type: application/json', `Content-Length: ${body.length}`];
  return http([`POST /v1/chat/completions?key=${canary} HTTP/1.1`, ...fields], body);
}

/** The bytes of a GET that carries the canary. */
export function getCall(...lines: string[]): string {
  return http([`GET /thing?key=${canary} HTTP/1.1`, 'Host: sidecar', ...credentials, ...lines]);
}

type Outcomes = Readonly<Record<string, number>>;
type Samples = (series: string) => number | undefined;

/** A sidecar among upstreams that fail. Its start has made one ordinary call. */
export class Stage {
  readonly product: Sidecar;
  readonly #upstreams: readonly RawUpstream[];
  readonly #lines: readonly string[];
  readonly #agents: RawClient[] = [];
  readonly #baseline: number;
  #ordinary = 1;

  constructor(product: Sidecar, upstreams: readonly RawUpstream[], lines: readonly string[]) {
    this.product = product;
    this.#upstreams = upstreams;
    this.#lines = lines;
    this.#baseline = handles().sockets;
  }

  /** An agent that has sent these bytes. */
  async agent(request: string): Promise<RawClient> {
    const client = await rawClient(this.product.proxy);
    this.#agents.push(client);
    client.send(request);
    return client;
  }

  /** What the metrics say now. */
  async metrics(): Promise<Samples> {
    const { samples } = await this.#scrape();
    return (series) => samples.get(`outrigger_${series}`);
  }

  /**
   * What must hold behind every fault: its calls count once each, with these outcomes; an ordinary call works, through the
   * same policies or `elsewhere`; no place is taken, no socket is left but idle ones to upstreams; nothing tells the key.
   */
  async aftermath(outcomes: Outcomes, ordinary: 'here' | 'elsewhere' = 'here'): Promise<Samples> {
    const calls = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
    await this.#ended(calls + this.#ordinary);
    for (const agent of this.#agents) agent.close();
    await ordinaryCall(this.product, ordinary === 'here' ? '' : '/elsewhere');
    this.#ordinary += 1;
    await this.#ended(calls + this.#ordinary);
    const { text, samples } = await this.#scrape();
    expect(outcomesIn(samples, 'requests_total')).toEqual({ ...outcomes, ok: (outcomes['ok'] ?? 0) + this.#ordinary });
    expect(outcomesIn(samples, 'agent_requests_total')).toEqual(outcomesIn(samples, 'requests_total'));
    expect(taken(samples)).toEqual([]);
    await eventually('no socket is left', () => this.#left() === this.#baseline, 2_000).catch(() => {});
    expect(this.#left()).toBe(this.#baseline);
    await this.#tellsNoKey(text);
    return (series) => samples.get(`outrigger_${series}`);
  }

  /** Sockets beside those that are kept for a next call. Of these Node tells the upstream's side alone: ours keep no process alive. */
  #left(): number {
    const kept = this.#upstreams.flatMap(({ connections }) => connections).filter(({ socket, idle }) => !socket.destroyed && idle);
    return handles().sockets - kept.length;
  }

  async #tellsNoKey(metrics: string): Promise<void> {
    const log = this.#lines.join('');
    // Every call has a line, so there is something to look at.
    expect(log.split('"msg":"exchange"').length - 1).toBeGreaterThanOrEqual(this.#ordinary + 1);
    const paths = ['/api/upstreams', '/api/policies', '/api/config', '/readyz'];
    const told = await Promise.all(paths.map(async (path) => (await admin(this.product, path)).body));
    expect(told.join('')).toContain('openai');
    for (const text of [log, metrics, ...told, ...this.#agents.map(({ received }) => received)]) expect(text).not.toContain(canary);
    expect(this.#lines.filter(isBug)).toEqual([]);
  }

  async #ended(calls: number): Promise<void> {
    await eventually(`${calls} calls have ended`, async () => {
      const { samples } = await this.#scrape();
      return Object.values(outcomesIn(samples, 'requests_total')).reduce((sum, count) => sum + count, 0) >= calls;
    });
  }

  async #scrape(): Promise<{ text: string; samples: Map<string, number> }> {
    const { body: text } = await admin(this.product, '/metrics');
    const split = (line: string): [string, number] => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))];
    return { text, samples: new Map(text.split('\n').map(split)) };
  }
}

interface StageSettings {
  main: Script | { url: string };
  spare?: Script;
  policy: Record<string, unknown>;
  /** Of the main upstream. */
  upstream?: Record<string, unknown>;
}

/** Starts upstreams and a sidecar before them, with a route through the policies and one `/elsewhere` without any. */
export async function stage({
  main,
  spare,
  policy,
  upstream = {},
}: StageSettings): Promise<Stage & { main: RawUpstream; spare: RawUpstream }> {
  const before = handles().sockets;
  onTestFinished(() => eventually('nothing is left to the next test', () => handles().sockets <= before));
  const elsewhere = await rawUpstream(faulty(() => 'next'));
  const mainUpstream = typeof main === 'function' ? await rawUpstream(main) : elsewhere;
  const spareUpstream = await rawUpstream(spare ?? faulty(() => 'next'));
  const { url } = typeof main === 'function' ? mainUpstream : main;
  const config = {
    ...{ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' } },
    upstreams: {
      main: { url, dialect: 'openai', ...upstream },
      spare: { url: spareUpstream.url, dialect: 'openai' },
      elsewhere: { url: elsewhere.url, dialect: 'openai' },
    },
    policies: { llm: policy },
    routes: [
      { path: '/', upstream: 'main', policy: 'llm' },
      { path: '/elsewhere', upstream: 'elsewhere' },
    ],
    telemetry: { log: { level: 'trace', format: 'json', access: true } },
  };
  const lines: string[] = [];
  const loaded = loadConfigText(JSON.stringify(config));
  const log = await createLog(loaded.config.telemetry.log, { write: (line) => void lines.push(line) });
  const product = await startSidecar(loaded, log);
  onTestFinished(() => product.kill());
  await ordinaryCall(product, '/elsewhere');
  await eventually('its connections are closed, on both sides', () => elsewhere.open === 0 && handles().sockets <= before);
  return Object.assign(new Stage(product, [...new Set([mainUpstream, spareUpstream, elsewhere])], lines), {
    main: mainUpstream,
    spare: spareUpstream,
  });
}

async function ordinaryCall({ proxy }: Sidecar, route: string): Promise<void> {
  const answer = await exchange(proxy, http([`GET ${route}/well HTTP/1.1`, 'Host: sidecar']));
  expect([statusOf(answer), answer.body.includes('well')]).toEqual([200, true]);
}

function admin(product: Sidecar, path: string) {
  return exchange(product.admin, http([`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close']));
}

function outcomesIn(samples: ReadonlyMap<string, number>, family: string): Outcomes {
  const outcomes: Record<string, number> = {};
  for (const [series, count] of samples) {
    const [, outcome] = /\boutcome="([^"]+)"/.exec(series) ?? [];
    if (!series.startsWith(`outrigger_${family}{`) || outcome === undefined || count === 0) continue;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  }
  return outcomes;
}

/** What only a call under way may hold. */
function taken(samples: ReadonlyMap<string, number>): [string, number][] {
  const held = /^outrigger_(inflight_requests|streams_active|bulkhead_in_use|bulkhead_queue_length|bugs_total|journal_errors_total)\b/;
  return [...samples].filter(([series, value]) => held.test(series) && value !== 0);
}
