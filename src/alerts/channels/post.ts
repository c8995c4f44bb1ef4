import { Agent, request } from 'undici';
import type { Clock } from '../../core/clock.ts';
import type { Delivery } from '../channel.ts';
import { plainLine } from './plain-text.ts';
import { checkLiteral, findRefusal, guardedLookup } from './target-guard.ts';

export interface PostTarget {
  readonly url: string;
  readonly allowPrivate: boolean;
  /** From the start to the last byte of the answer that is read. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Of an answer, so much is read and told. */
const answerLimit = 1000;

/** Posts JSON to one URL, over a connection of its own each time. Follows no redirect. */
export class Post {
  readonly #target: PostTarget;
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(target: PostTarget) {
    this.#target = target;
    this.#url = new URL(target.url);
    const { timeoutMs, allowPrivate } = target;
    const connect = { lookup: guardedLookup({ allowPrivate, secure: this.#isSecure }), timeout: timeoutMs };
    this.#agent = new Agent({ connect, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, pipelining: 0, allowH2: false });
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }

  /** Never rejects; what went wrong is told without the URL, which may be a secret. */
  async send(headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Delivery> {
    const { allowPrivate, timeoutMs } = this.#target;
    const late = AbortSignal.timeout(timeoutMs);
    try {
      checkLiteral(this.#url.hostname, { allowPrivate, secure: this.#isSecure });
      const answer = await request(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'outrigger', ...headers },
        body,
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, late]),
      });
      const said = await this.#textOf(answer.body);
      return judge(answer.statusCode, said, this.#retryAfterMs(answer.headers['retry-after']));
    } catch (error) {
      const refused = findRefusal(error);
      if (refused) return { result: 'refused', reason: refused.message };
      if (late.aborted) return { result: 'later', reason: `no answer within ${timeoutMs / 1000} s` };
      return { result: 'later', reason: signal.aborted ? 'given up' : this.#withoutUrl(reasonOf(error)) };
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** The status has come, so what becomes of the rest changes nothing. */
  async #textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of body) {
        chunks.push(chunk);
        bytes += chunk.byteLength;
        if (bytes >= answerLimit) break;
      }
    } catch {
      // What has come of it is told.
    }
    return this.#withoutUrl(plainLine(Buffer.concat(chunks).toString(), 200));
  }

  #withoutUrl(text: string): string {
    const { pathname, search } = this.#url;
    const path = pathname.length > 1 ? text.replaceAll(pathname, '/***') : text;
    return search.length > 1 ? path.replaceAll(search, '?***') : path;
  }

  /** In seconds or as an HTTP date (RFC 9110, 10.2.3). */
  #retryAfterMs(value: string | string[] | undefined): number | undefined {
    const text = String(value ?? '').trim();
    if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
    const ms = /^[A-Za-z]{3,9}, /.test(text) ? Date.parse(text) - this.#target.clock.wall() : Number.NaN;
    return Number.isNaN(ms) ? undefined : Math.max(0, ms);
  }
}

/** 408, 425, 429 and 5xx may pass; any other 4xx, 410 too, will not. */
function judge(status: number, said: string, retryAfterMs: number | undefined): Delivery {
  const answer = `answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 200 && status < 300) return { result: 'delivered', said: answer };
  if (status >= 300 && status < 400) return { result: 'refused', reason: `${answer}; redirects are not followed` };
  if (status < 500 && status !== 408 && status !== 425 && status !== 429) return { result: 'refused', reason: answer };
  return { result: 'later', reason: answer, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Where several addresses were tried, only the code tells.
  return error.message || ('code' in error ? String(error.code) : error.name);
}
