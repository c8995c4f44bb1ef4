import { Agent, request as send } from 'node:http';
import type { CallOutcome } from '../../../src/core/event.ts';
import { count, type Scenario, usageOf } from './fake-upstream.ts';

/** How the agent of a call sees it end. */
const outcomes: Record<Scenario, CallOutcome> = {
  plain: 'ok',
  streamed: 'ok',
  'busy once': 'retried',
  'broken twice': 'retried',
  'limited once': 'retried',
  'reset once': 'retried',
  'silent once': 'retried',
  'saved by the spare one': 'fell-back',
  'streamed by the spare one': 'fell-back',
  'given up': 'upstream-error',
  wrong: 'client-error',
  cut: 'upstream-error',
};

/** An agent that keeps count of what it sends and of what it gets. */
export class CountingClient {
  readonly outcomes = new Map<CallOutcome, number>();
  readonly cache = new Map<string, number>();
  requestBytes = 0;
  responseBytes = 0;
  calls = 0;
  /** Streams that broke off on their way. */
  broken = 0;
  /** Tokens of answers that came from the cache, as their upstream had reported them. */
  savedTokens = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #url: string;
  readonly #onData: (id: number) => void;

  /** `onData` hears of each piece of an answer. */
  constructor(url: string, onData: (id: number) => void) {
    this.#url = url;
    this.#onData = onData;
  }

  /** Makes one call. `cacheable` ones are made twice, one after the other. */
  async call(id: number, scenario: Scenario, cacheable: boolean): Promise<void> {
    const body = JSON.stringify({
      model: `model-${id % 3}`,
      stream: scenario.includes('stream') || scenario === 'broken twice' || scenario === 'cut',
      ...(cacheable && { temperature: 0 }),
      messages: [{ role: 'user', content: `call ${id} ${scenario}` }],
    });
    const first = await this.#send(id, body, cacheable ? '/cached' : '/plain');
    count(this.outcomes, outcomes[scenario]);
    if (scenario === 'cut') this.broken += 1;
    if (!cacheable) return;
    count(this.cache, 'miss');
    if (first.cacheStatus?.includes('stored')) count(this.cache, 'stored');
    const second = await this.#send(id, body, '/cached');
    if (!second.cacheStatus?.includes('hit')) throw new Error(`no hit: ${scenario} ${second.cacheStatus}`);
    count(this.outcomes, 'cached');
    count(this.cache, 'hit');
    const { prompt_tokens, completion_tokens } = usageOf(id);
    this.savedTokens += prompt_tokens + completion_tokens;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(id: number, body: string, path: string): Promise<{ cacheStatus: string | undefined }> {
    this.calls += 1;
    this.requestBytes += body.length;
    const { promise, resolve, reject } = Promise.withResolvers<{ cacheStatus: string | undefined }>();
    const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-outrigger-agent': `agent-${body.length % 4}` };
    const request = send(`${this.#url}${path}/v1/chat/completions`, { method: 'POST', agent: this.#agent, headers }, (response) => {
      response.on('data', (chunk: Buffer) => {
        this.responseBytes += chunk.length;
        this.#onData(id);
      });
      // One that is broken off ends, too.
      response.on('error', () => {});
      response.on('close', () => resolve({ cacheStatus: response.headers['cache-status']?.toString() }));
    });
    request.on('error', reject);
    request.end(body);
    return promise;
  }
}
