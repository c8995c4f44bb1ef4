import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Verdict } from '../../../src/core/verdict.ts';
import { listening } from '../../kit/listening.ts';

/** What an upstream does with one request. */
type Act = 'json' | 'stream' | 'busy' | 'broken' | 'limited' | 'reset' | 'cut' | 'hang' | 'bad';

/** What becomes of a call: what is done with its first request, its second and so on, at its own upstream and at the spare one. */
export const scenarios = {
  plain: { main: ['json'], spare: [] },
  streamed: { main: ['stream'], spare: [] },
  'busy once': { main: ['busy', 'json'], spare: [] },
  'broken twice': { main: ['broken', 'broken', 'stream'], spare: [] },
  'limited once': { main: ['limited', 'json'], spare: [] },
  'reset once': { main: ['reset', 'json'], spare: [] },
  'silent once': { main: ['hang', 'json'], spare: [] },
  'saved by the spare one': { main: ['busy', 'busy', 'busy'], spare: ['json'] },
  'streamed by the spare one': { main: ['reset', 'busy', 'broken'], spare: ['stream'] },
  'given up': { main: ['busy', 'broken', 'busy'], spare: ['busy', 'busy', 'broken'] },
  wrong: { main: ['bad'], spare: [] },
  cut: { main: ['cut'], spare: [] },
} as const satisfies Record<string, { main: readonly Act[]; spare: readonly Act[] }>;
export type Scenario = keyof typeof scenarios;

/** How an attempt that is answered so is to be counted. */
const verdicts: Record<Act, Verdict> = {
  json: 'ok',
  stream: 'ok',
  busy: 'overloaded',
  broken: 'server-error',
  limited: 'rate-limited',
  reset: 'network',
  cut: 'network',
  hang: 'timeout',
  bad: 'client-error',
};

const errorBody = '{"error":{"message":"no","type":"server_error"}}';
const statuses: Partial<Record<Act, number>> = { busy: 503, broken: 500, limited: 429, bad: 400 };

/** A provider that keeps count of every request, of its bytes and of the tokens that it has reported. */
export class FakeUpstream {
  readonly attempts = new Map<Verdict, number>();
  /** Requests behind the first one of a call. */
  readonly again = new Map<Verdict, number>();
  readonly calls = new Set<string>();
  requestBytes = 0;
  readonly tokens = { input: 0, output: 0 };
  readonly #cutting = new Map<number, () => void>();
  readonly #known = new WeakSet<object>();
  readonly #resent = new Set<string>();
  readonly #asked = new Map<string, number>();
  readonly #last = new Map<string, Verdict>();
  readonly #which: 'main' | 'spare';
  url = '';

  constructor(which: 'main' | 'spare') {
    this.#which = which;
  }

  static async start(which: 'main' | 'spare'): Promise<FakeUpstream> {
    const fake = new FakeUpstream(which);
    const server = createServer((request, response) => void fake.#serve(request, response));
    fake.url = `http://127.0.0.1:${await listening(server)}`;
    return fake;
  }

  /** Requests that met a kept connection which closed under them. */
  get resent(): number {
    return this.#resent.size;
  }

  /** What was done last with each of these calls, as it is to be counted. */
  lastBefore(calls: ReadonlySet<string>): Map<Verdict, number> {
    const counts = new Map<Verdict, number>();
    for (const id of calls) count(counts, this.#last.get(id) ?? 'ok');
    return counts;
  }

  /** The agent of a call has seen the first of its answer. */
  seen(id: number): void {
    this.#cutting.get(id)?.();
    this.#cutting.delete(id);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.requestBytes += Buffer.byteLength(body);
    const [, id = '', scenario = ''] = /call (\d+) ([a-z ]+)/.exec(body) ?? [];
    const asked = this.#asked.get(id) ?? 0;
    const isKept = this.#known.has(request.socket);
    this.#known.add(request.socket);
    const isReset = (scenarios[scenario as Scenario][this.#which] as readonly Act[])[asked] === 'reset';
    if (isReset && isKept && !this.#resent.has(id)) {
      // A kept connection that closes is no attempt: the same one is made again on another.
      this.#resent.add(id);
      request.socket.destroy();
      return;
    }
    this.#asked.set(id, asked + 1);
    this.calls.add(id);
    const acts: readonly Act[] = scenarios[scenario as Scenario][this.#which];
    const act = acts[asked];
    if (act === undefined) throw new Error(`one request too many: ${body}`);
    count(this.attempts, verdicts[act]);
    this.#last.set(id, verdicts[act]);
    const before = acts[asked - 1];
    if (before) count(this.again, verdicts[before]);
    this.#act(act, Number(id), response);
  }

  #act(act: Act, id: number, response: ServerResponse): void {
    const usage = usageOf(id);
    if (act === 'reset') response.socket?.destroy();
    else if (act === 'json') {
      this.#report(usage);
      const message = { role: 'assistant', content: 'word '.repeat(id % 400) };
      const text = JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
    } else if (act === 'stream' || act === 'cut') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let word = 0; word < 5 + (id % 20); word += 1) response.write(event({ choices: [{ index: 0, delta: { content: 'word ' } }] }));
      if (act === 'cut') {
        // Half a message; the connection ends behind it as soon as the agent has seen some of it.
        this.#cutting.set(id, () => response.socket?.end());
        return;
      }
      this.#report(usage);
      response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
      response.end(`${event({ choices: [], usage })}data: [DONE]\n\n`);
    } else if (act !== 'hang') {
      response.writeHead(statuses[act] ?? 500, { 'content-type': 'application/json', 'content-length': errorBody.length }).end(errorBody);
    }
  }

  #report({ prompt_tokens, completion_tokens }: { prompt_tokens: number; completion_tokens: number }): void {
    this.tokens.input += prompt_tokens;
    this.tokens.output += completion_tokens;
  }
}

/** The tokens that the answer to a call has cost. */
export function usageOf(id: number): { prompt_tokens: number; completion_tokens: number } {
  return { prompt_tokens: 3 + (id % 50), completion_tokens: 1 + (id % 90) };
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export function count<Key>(counts: Map<Key, number>, key: Key, amount = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}
