import { gzipSync } from 'node:zlib';
import { tokenKinds, type Usage } from '../../src/core/usage.ts';
import { http } from '../kit/http-text.ts';
import { type RawUpstream, rawUpstream, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { type Format, startOf, streamOf } from './formats.ts';

/** What becomes of a call. The words stand in its question. */
export const scenarios = [
  'json',
  'stream',
  'gzip',
  'busy',
  'busy-stream',
  'cut',
  'cut-json',
  'left',
  'cached',
  'early-error',
  'gone',
] as const;
export type Scenario = (typeof scenarios)[number];

export const words = Array.from({ length: 12 }, (_, i) => ` word${i}`);
const text = words.join('');

/** Of a stream that breaks off, so many come. */
export const eventsBeforeBreak = 8;

/** How a label calls the kinds of tokens. */
const labels: Record<keyof Usage, string> = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  reasoning: 'reasoning',
};

/** A provider that remembers every token it has reported, by the series that it is to be counted in. */
export class Provider {
  readonly #name: string;
  readonly #formats: readonly Format[];
  readonly #asked = new Map<string, number>();
  readonly reported = new Map<string, number>();
  #seed: number;

  private constructor(name: string, formats: readonly Format[]) {
    this.#name = name;
    this.#formats = formats;
    this.#seed = name.length;
  }

  static async start(name: string, formats: readonly Format[]): Promise<{ provider: Provider; upstream: RawUpstream }> {
    const provider = new Provider(name, formats);
    const upstream = await rawUpstream(async (connection) => {
      for (;;) {
        const request = await connection.request();
        if (!request?.whole) return;
        provider.#serve(connection, request.startLine.split(' ')[1]!, request.body);
      }
    });
    return { provider, upstream };
  }

  #serve(connection: UpstreamConnection, path: string, body: string): void {
    const [, id = '', scenario = ''] = /call (\d+) ([\w-]+)/.exec(body) ?? [];
    const attempt = (this.#asked.get(id) ?? 0) + 1;
    this.#asked.set(id, attempt);
    const model = /"model":"([^"]+)"/.exec(body)?.[1] ?? /models\/([^:]+):/.exec(path)![1]!;
    const format = this.#formats.find((one) => path === one.path(true) || path === one.path(false))!;
    const usage = this.#usage(format);
    const report = (counts: Partial<Usage>) => this.#report(model, counts);
    const events = format.events(words, usage);
    const goesOn = attempt > 1 && scenario !== 'gone' ? (second[scenario] ?? scenario) : scenario;
    const answer = json('200 OK', bytesOf(format.answer(text, usage)));
    switch (goesOn) {
      case 'busy':
      case 'busy-stream':
        connection.send(busy);
        break;
      case 'gone':
        if (this.#name === 'spare') report(usage);
        connection.send(this.#name === 'spare' ? answer : busy);
        break;
      case 'early-error':
        report(format.reportedAfter(1, usage));
        connection.send(streamOf(format, [events[0]!, overloaded]));
        break;
      case 'cut':
      case 'left':
        report(format.reportedAfter(eventsBeforeBreak, usage));
        connection.send(startOf(format, events.slice(0, eventsBeforeBreak)));
        if (scenario === 'cut') connection.halfClose();
        break;
      case 'cut-json':
        connection.send(answer.slice(0, answer.indexOf('word11')));
        connection.halfClose();
        break;
      case 'stream':
        report(usage);
        connection.send(streamOf(format, events));
        break;
      case 'gzip':
        report(usage);
        connection.send(json('200 OK', gzipSync(bytesOf(format.answer(text, usage))), 'Content-Encoding: gzip'));
        break;
      default:
        report(usage);
        connection.send(answer);
    }
  }

  #report(model: string, counts: Partial<Usage>): void {
    for (const kind of tokenKinds) {
      const series = `outrigger_llm_tokens_total{upstream="${this.#name}",model="${model}",kind="${labels[kind]}"}`;
      this.reported.set(series, (this.reported.get(series) ?? 0) + (counts[kind] ?? 0));
    }
  }

  /** Some count of each kind that the format has, never the same twice. */
  #usage({ kinds }: Format): Usage {
    const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
    for (const kind of kinds) {
      this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) >>> 0;
      usage[kind] = 1 + (this.#seed % 50_000);
    }
    return usage;
  }
}

/** What a scenario goes on with when it is tried again. */
const second: Record<string, string> = { busy: 'json', 'busy-stream': 'stream', 'early-error': 'stream', 'cut-json': 'json' };

function bytesOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function json(status: string, body: Buffer, ...more: string[]): string {
  const fields = ['Content-Type: application/json', `Content-Length: ${body.length}`, ...more];
  return http([`HTTP/1.1 ${status}`, ...fields], body.toString('latin1'));
}

const busy = json('503 Service Unavailable', Buffer.from('{"error":{"message":"busy","type":"server_error"}}'));
const overloaded = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
