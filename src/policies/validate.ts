import { z } from 'zod';
import type { AnswerReader, Demand } from '../core/content.ts';
import type { ValidationResult } from '../core/event.ts';
import type { Exchange } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import { type Ending, type Outcome, type Reply, type Tap, tap, unread } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';
import { size } from '../settings/units.ts';
import { HeldBody } from './held-body.ts';
import { untilAborted } from './until-aborted.ts';
import { type Fault, rememberFault } from './validate/faults.ts';
import { asksForMore, judgeAnswer } from './validate/judge-answer.ts';

export const validateSettings = z.strictObject({
  /** Text or a call of a tool has to be there. */
  nonEmpty: z.boolean().default(true),
  /** The text has to be JSON where the request asks for it. */
  json: z.boolean().default(true),
  /** JSON has to match the schema that the request gives, and the arguments of tool calls those of their tools. */
  schema: z.boolean().default(true),
  /** An answer is held back until it is judged, up to this size; a longer one is passed on unjudged. */
  maxHeld: size.prefault('1MB'),
  observe: z.boolean().default(false),
});

export type ValidateSettings = z.output<typeof validateSettings>;

/**
 * Judges what an answer says before any of it is passed on: one that is empty, or not what the request has asked for, gets
 * the verdict `invalid-output`. Stands outside of the gate and sees what that took for good. A stream of which only the
 * first word matters is let go at it.
 */
export function createValidate(settings: ValidateSettings): Policy {
  return {
    name: 'validate',
    async run(exchange, next) {
      const outcome = await next(exchange);
      const { content } = exchange.dialect;
      if (!content || outcome.kind !== 'reply' || !isJudged(outcome)) return outcome;
      const reader = content.demand(exchange.request, undefined) && content.reader(exchange.request, outcome.headers);
      if (!reader) return outcome;
      const { body } = exchange.request;
      // An answer may be there before the request has gone out as a whole.
      const asked = body.bytes ?? (await untilAborted(body.whole(), exchange.signal));
      const demand = content.demand(exchange.request, asked);
      if (!demand || (!settings.nonEmpty && !asksForMore(demand, settings))) return outcome;
      if (settings.observe) return tap(outcome, new Observed(exchange, settings, demand, reader));
      return new Judgement(outcome, exchange, settings, demand, reader).run();
    },
  };
}

function isJudged({ verdict, status, empty, standing }: Reply): boolean {
  return verdict === 'ok' && status >= 200 && status < 300 && !empty && !standing;
}

/** One answer on its way to its judgement. */
class Judgement {
  readonly #reply: Reply;
  readonly #exchange: Exchange;
  readonly #settings: ValidateSettings;
  readonly #demand: Demand;
  readonly #reader: AnswerReader;
  readonly #held: HeldBody;
  readonly #onAbort = () => this.#held.interrupt('aborted');

  constructor(reply: Reply, exchange: Exchange, settings: ValidateSettings, demand: Demand, reader: AnswerReader) {
    this.#reply = reply;
    this.#exchange = exchange;
    this.#settings = settings;
    this.#demand = demand;
    this.#reader = reader;
    this.#held = new HeldBody(reply.body);
  }

  async run(): Promise<Outcome> {
    const { signal } = this.#exchange;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
    try {
      const came = await this.#read();
      if (came === 'aborted') {
        this.#reply.discard();
        return abortedFailure(signal, 'maybe');
      }
      if (came === 'end') return await this.#conclude(await this.#reply.ended);
      this.#note(came);
      return this.#handedUp('ok');
    } finally {
      signal.removeEventListener('abort', this.#onAbort);
    }
  }

  /** Reads until the end, or until it is known that there is no need or no way to read on. */
  async #read(): Promise<'end' | 'aborted' | 'valid' | 'too-long'> {
    const { maxHeld } = this.#settings;
    const whole = asksForMore(this.#demand, this.#settings);
    for (let shown = 0; ; ) {
      const came = this.#held.poll() ?? (await this.#held.read());
      if (came === 'end' || came === 'aborted') return came;
      for (; shown < this.#held.chunks.length; shown += 1) await this.#reader.push(this.#held.chunks[shown] as Uint8Array);
      if (!whole && this.#reader.begun) return 'valid';
      if (this.#held.bytes > maxHeld) return 'too-long';
    }
  }

  async #conclude({ verdict, cause }: Ending): Promise<Outcome> {
    if (verdict === 'network' || verdict === 'timeout') {
      // Half an answer is none, as long as nothing of it was passed on.
      const origin = this.#reply.origin === 'chaos' ? 'chaos' : 'ourselves';
      const details = { sent: 'maybe', origin, ...(cause !== undefined && { cause }) } as const;
      const { upstream } = this.#exchange.target;
      return verdict === 'timeout'
        ? failure('upstream_timeout', `Upstream ${upstream} did not end its answer in time.`, details)
        : failure('upstream_protocol_error', `Upstream ${upstream} broke its answer off.`, details);
    }
    // What the format itself says of its answer goes before what it holds.
    return this.#handedUp(verdict === 'ok' ? await this.#judge() : verdict);
  }

  async #judge(): Promise<'ok' | 'invalid-output'> {
    const { result, detail, fault } = await judge(this.#reader, this.#demand, this.#settings);
    this.#note(result, detail);
    if (fault) rememberFault(this.#reply, fault);
    return fault ? 'invalid-output' : 'ok';
  }

  #handedUp(verdict: Ending['verdict']): Reply {
    return unread(this.#reply, this.#held.chunks, verdict, this.#held.pending);
  }

  #note(result: ValidationResult, detail?: string): void {
    this.#exchange.note(validated(this.#exchange, result, detail));
  }
}

/** In observe mode: looks at an answer on its way, and holds nothing back. */
class Observed implements Tap {
  readonly #exchange: Exchange;
  readonly #settings: ValidateSettings;
  readonly #demand: Demand;
  readonly #reader: AnswerReader;
  #bytes = 0;

  constructor(exchange: Exchange, settings: ValidateSettings, demand: Demand, reader: AnswerReader) {
    this.#exchange = exchange;
    this.#settings = settings;
    this.#demand = demand;
    this.#reader = reader;
  }

  chunk(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    this.#bytes += bytes.byteLength;
    const seen = this.#bytes > this.#settings.maxHeld ? undefined : this.#reader.push(bytes);
    return seen ? seen.then(() => bytes) : bytes;
  }

  async end(ending: Ending): Promise<Ending> {
    if (ending.verdict === 'ok') {
      const tooLong = this.#bytes > this.#settings.maxHeld;
      const { result, detail } = tooLong ? tooLongToJudge : await judge(this.#reader, this.#demand, this.#settings);
      const event = validated(this.#exchange, result, detail);
      this.#exchange.note({ kind: 'would', attempt: event.attempt, event });
    }
    return ending;
  }
}

interface Found {
  readonly result: ValidationResult;
  readonly detail?: string | undefined;
  readonly fault?: Fault | undefined;
}

const tooLongToJudge: Found = { result: 'too-long' };

async function judge(reader: AnswerReader, demand: Demand, settings: ValidateSettings): Promise<Found> {
  const choices = await reader.end();
  if (!choices) return { result: 'unreadable' };
  const { fault, keyword, skipped } = judgeAnswer(choices, demand, settings);
  return { result: fault?.result ?? (skipped ? 'schema-skipped' : 'valid'), detail: keyword ?? skipped, fault };
}

function validated({ attempt, target }: Exchange, result: ValidationResult, detail?: string) {
  return { kind: 'validated', attempt, upstream: target.upstream, result, ...(detail !== undefined && { detail }) } as const;
}
