import type { Judgement, Watcher } from '../core/dialect.ts';
import type { Verdict } from '../core/verdict.ts';
import { isCut, looksWhole } from './event-data.ts';
import { type JsonObject, objectsIn, parseJson } from './json-object.ts';
import { asBuffer } from './json-scan.ts';
import { verdictOfMessage } from './mcp-answer.ts';
import { SseReader } from './sse.ts';
import { Tokens } from './tokens.ts';

/** One of these stands in every answer, so what has none of them need not be parsed. */
const telling = new Tokens('"result"', '"error"');

const openBracket = 0x5b;

/**
 * Follows a stream of JSON-RPC messages that answers a POST. Any event lets it pass: progress and the empty event that opens
 * a stream to be resumed are for the agent to see at once. It is whole when every request has its answer, or when its
 * events have ids: then a server may close it early, and the agent asks for the rest by `Last-Event-ID`.
 */
export class McpStreamWatcher implements Watcher {
  readonly head = 'more';
  meaningful = 0;
  readonly #reader = new SseReader((data) => this.#event(data));
  /** The ids whose answers are awaited, as JSON; undefined where they are not known. */
  readonly #awaited: Set<string> | undefined;
  #answers = 0;
  #verdict: Verdict | 'more' = 'more';
  #malformed = false;

  constructor(ids: readonly string[] | undefined) {
    this.#awaited = ids && new Set(ids.map(canonical));
  }

  get started(): boolean {
    return this.meaningful > 0 || this.#reader.comments > 0;
  }

  push(chunk: Uint8Array): Verdict | 'more' {
    this.#reader.push(asBuffer(chunk));
    return this.#verdict;
  }

  end(whole: boolean): Judgement {
    this.#reader.end();
    const settled = !this.#malformed && (this.#isAnswered || this.#reader.ids > 0);
    const known = this.#verdict === 'more' ? 'ok' : this.#verdict;
    const cut = !whole || (!settled && !this.#malformed);
    return {
      verdict: known === 'ok' && cut ? 'network' : known,
      complete: whole && settled,
      ...(settled && !whole && { resumable: true }),
    };
  }

  get #isAnswered(): boolean {
    return this.#awaited ? this.#awaited.size === 0 : this.#answers > 0;
  }

  #event(data: Buffer): void {
    this.meaningful += 1;
    if (this.#verdict === 'more') this.#verdict = 'ok';
    if (data.length === 0) return;
    const isBatch = data[0] === openBracket;
    if (!isBatch && !looksWhole(data)) this.#fail();
    else if (telling.in(data) > 0) this.#messages(data, isBatch);
  }

  #messages(data: Buffer, isBatch: boolean): void {
    const parsed = parseJson(data);
    const messages = isBatch ? objectsIn(parsed) : objectsIn([parsed]);
    for (const message of messages) this.#message(message);
    if (messages.length > 0) return;
    if (isCut(data)) this.#longAnswer();
    else this.#fail();
  }

  #message(message: JsonObject): void {
    const verdict = verdictOfMessage(message);
    if (verdict === undefined) return;
    this.#answers += 1;
    this.#awaited?.delete(JSON.stringify(message['id']));
    if (verdict !== 'ok' && this.#verdict === 'ok') this.#verdict = verdict;
  }

  /** What is too long to be parsed is taken for the answer. */
  #longAnswer(): void {
    this.#answers += 1;
    this.#awaited?.clear();
  }

  #fail(): void {
    this.#malformed = true;
    this.#verdict = 'server-error';
  }
}

/** An id as JSON.stringify writes it, so that 1.0 and 1 are the same. */
function canonical(id: string): string {
  return JSON.stringify(JSON.parse(id));
}
