import type { AnswerFacts } from '../core/answer-facts.ts';
import type { Judgement, Watcher } from '../core/dialect.ts';
import type { Usage } from '../core/usage.ts';
import type { Verdict } from '../core/verdict.ts';
import { type AnswerFormat, type Asked, fullUsage } from './answer-format.ts';
import { EventSizes } from './event-sizes.ts';
import { JsonArrayReader } from './json-array.ts';
import { asBuffer } from './json-scan.ts';
import { NdjsonReader } from './ndjson.ts';
import { type EventReader, SseReader } from './sse.ts';
import { estimateInput } from './text-size.ts';

const readers = { sse: SseReader, ndjson: NdjsonReader, array: JsonArrayReader };

const nothing = Buffer.alloc(0);

/**
 * Follows an answer that comes event by event. It is judged at the first meaningful event or error; an error later on
 * changes the judgement, and so does an end without the format's end mark.
 */
export class StreamWatcher implements Watcher {
  readonly head = 'more';
  meaningful = 0;
  readonly #format: AnswerFormat;
  readonly #reader: EventReader;
  #events = 0;
  #verdict: Verdict | 'more' = 'more';
  #failed = false;
  #ended = false;
  #usage: Partial<Usage> | undefined;
  readonly #asked: Asked;
  readonly #facts: AnswerFacts | undefined;
  /** Only where tokens can be estimated. */
  readonly #sizes: EventSizes | undefined;
  /** A copy of the last event, where each tells the tokens so far. */
  #last = nothing;
  #lastBytes = 0;

  /** Without what was asked, no tokens are estimated. */
  constructor(format: AnswerFormat, framing: 'sse' | 'ndjson' | 'array', asked?: Asked, facts?: AnswerFacts) {
    this.#format = format;
    this.#asked = asked;
    this.#facts = facts;
    this.#sizes = asked && new EventSizes();
    const onEvent = (data: Buffer, name: string) => this.#event(data, name);
    this.#reader = new readers[framing](onEvent);
  }

  get started(): boolean {
    return this.#events > 0 || this.#reader.comments > 0;
  }

  push(chunk: Uint8Array): Verdict | 'more' {
    this.#reader.push(asBuffer(chunk));
    return this.#verdict;
  }

  end(whole: boolean): Judgement {
    this.#reader.end();
    if (!this.#ended && this.#lastBytes > 0) this.#count(this.#format.readTail(this.#last.subarray(0, this.#lastBytes)));
    const usage = this.#usage && { usage: fullUsage(this.#usage) };
    // An end mark that tells a failure (response.failed) is one all the same: there is nothing to add to such a stream.
    const complete = whole && (this.#ended || (!this.#failed && !this.#format.endMarked));
    const estimated = this.#estimate();
    return { verdict: this.#finalVerdict(whole), complete, ...usage, ...(estimated && { estimated }) };
  }

  /** What the answer has cost beside what was reported: nothing where it has not begun, or was an error from its start. */
  #estimate(): Usage | undefined {
    const begun = this.meaningful > 0 || (this.#events > 0 && !this.#failed);
    if (!this.#sizes || !this.#asked || !begun) return undefined;
    const { bytes } = this.#asked;
    const reported = this.#usage;
    const output = this.#ended && reported?.output !== undefined ? 0 : this.#sizes.tokens;
    const input = reported?.input === undefined && bytes ? estimateInput(bytes) : 0;
    return output + input > 0 ? fullUsage({ input, output }) : undefined;
  }

  /** An error that the upstream told stands; then a cut; then an end without the end mark, or without any content. */
  #finalVerdict(whole: boolean): Verdict {
    if (this.#verdict !== 'ok' && this.#verdict !== 'more') return this.#verdict;
    if (!whole) return 'network';
    if (!this.#format.endMarked) return 'ok';
    if (this.#events === 0) return 'server-error';
    if (!this.#ended) return 'network';
    return this.#verdict === 'more' ? 'server-error' : 'ok';
  }

  /** Takes what is reported of all that has come so far. */
  #count(usage: Partial<Usage> | undefined): void {
    if (!usage) return;
    this.#usage = { ...this.#usage, ...usage };
    if (usage.output !== undefined) this.#sizes?.reported();
  }

  #keep(data: Buffer): void {
    if (this.#last.length < data.length) this.#last = Buffer.allocUnsafe(2 * data.length);
    this.#lastBytes = data.copy(this.#last);
  }

  #event(data: Buffer, name: string): void {
    this.#events += 1;
    const sign = this.#format.readEvent(data, name, this.#verdict !== 'more', this.#facts);
    if (sign.meaningful) {
      this.meaningful += 1;
      // Such an event of the responses interface repeats what came before it.
      if (!name.endsWith('.done')) this.#sizes?.see(data);
      if (this.#format.countsInEvery) this.#keep(data);
    }
    this.#count(sign.usage);
    if (sign.error) this.#failed = true;
    if (sign.last) this.#ended = true;
    const bad = sign.error ?? sign.finish;
    if (bad && (this.#verdict === 'more' || this.#verdict === 'ok')) this.#verdict = bad;
    else if (this.#verdict === 'more' && (sign.meaningful || sign.last)) this.#verdict = sign.meaningful ? 'ok' : 'server-error';
  }
}
