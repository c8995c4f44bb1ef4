import { z } from 'zod';
import { type PromptAdjustment, promptAdjustments } from '../core/event.ts';
import type { Exchange, ProxiedRequest } from '../core/exchange.ts';
import type { Failure, Reply } from '../core/outcome.ts';
import { type Verdict, verdicts } from '../core/verdict.ts';
import { contextNote, exampleNote, formatNote } from './adjust/notes.ts';
import { withoutKey } from './fallback/plan-move.ts';
import { faultOf } from './validate/faults.ts';

/** What each is for, unless an entry says otherwise. */
const usual: Readonly<Record<PromptAdjustment, Verdict>> = {
  'add-context': 'invalid-output',
  simplify: 'context-length',
  rephrase: 'invalid-output',
  examples: 'invalid-output',
};

const entry = z
  .strictObject({
    do: z.enum(promptAdjustments),
    /** Verdicts that it is for: `context-length` for `simplify`, and `invalid-output` for all others unless set. */
    on: z
      .array(z.enum(verdicts).exclude(['ok', 'cancelled', 'refused', 'quota-exhausted', 'auth', 'client-error']))
      .min(1)
      .optional(),
    /** The example that is shown, for `examples` alone. */
    text: z.string().min(1).max(20_000).optional(),
  })
  .refine(({ do: name, text }) => (name === 'examples') === (text !== undefined), {
    message: 'an example needs a text, and nothing else has one: { do: examples, text: … }',
    path: ['text'],
  });

/** Changes of the prompt for further attempts, tried in order; a name alone stands for an entry with nothing else in it. */
export const adjustSettings = z
  .array(z.union([z.enum(promptAdjustments).exclude(['examples']), entry]))
  .max(10)
  .default([])
  .transform((entries) => entries.map(readEntry));

export type AdjustSettings = z.output<typeof adjustSettings>;

function readEntry(written: PromptAdjustment | z.output<typeof entry>): { name: PromptAdjustment; on: readonly Verdict[]; text: string } {
  const { do: name, on, text = '' } = typeof written === 'string' ? { do: written } : written;
  return { name, on: on ?? [usual[name]], text };
}

/** Whether there is a point in another attempt after this verdict only with an adjusted prompt: a request that is too long stays too long. */
export function needsAdjustment(settings: AdjustSettings, verdict: Verdict): boolean {
  return verdict === 'context-length' && settings.some(({ name, on }) => name === 'simplify' && on.includes(verdict));
}

/** An attempt's request with another prompt. */
export interface Adjusted {
  readonly name: PromptAdjustment;
  readonly request: ProxiedRequest;
}

/**
 * The adjustments of one call to one target. Each is made of the request as the agent wrote it, so that they do not pile up.
 * Each further attempt takes the next one that there is for its verdict and that its request has a place for; the last
 * stays in use. `simplify` leaves out more each time.
 */
export class Adjustments {
  readonly #settings: AdjustSettings;
  readonly #exchange: Exchange;
  /** Where the search begins, by verdict. */
  readonly #next = new Map<Verdict, number>();
  /** Bytes of the request as it was simplified last. */
  #simplifiedBytes = Number.POSITIVE_INFINITY;
  #simplified = 0;

  constructor(settings: AdjustSettings, exchange: Exchange) {
    this.#settings = settings;
    this.#exchange = exchange;
  }

  /** The request for the next attempt; undefined where none of the adjustments applies. */
  after(outcome: Reply | Failure): Adjusted | undefined {
    const { verdict } = outcome;
    const all = this.#settings.filter(({ on }) => on.includes(verdict));
    const next = this.#next.get(verdict) ?? 0;
    for (const [index, { name, text }] of [...all.entries()].slice(Math.min(next, all.length - 1))) {
      const request = this.#make(name, text, outcome);
      if (!request) continue;
      this.#next.set(verdict, index + 1);
      return { name, request: withoutKey(request) };
    }
    return undefined;
  }

  #make(name: PromptAdjustment, text: string, outcome: Reply | Failure): ProxiedRequest | undefined {
    switch (name) {
      case 'simplify':
        return this.#simplify();
      case 'add-context':
        return this.#note(contextNote(outcome.verdict, outcome.kind === 'reply' ? faultOf(outcome) : undefined));
      case 'examples':
        return this.#note(exampleNote(text));
      case 'rephrase': {
        const { dialect, request } = this.#exchange;
        const demand = dialect.content?.demand(request, request.body.bytes);
        return this.#note(demand && formatNote(demand));
      }
    }
  }

  #note(text: string | undefined): ProxiedRequest | undefined {
    const { dialect, request } = this.#exchange;
    return text === undefined ? undefined : dialect.hint(request, text);
  }

  /** Half of what can be left out, then three quarters, and so on, until there is nothing more. */
  #simplify(): ProxiedRequest | undefined {
    const { dialect, request } = this.#exchange;
    const simplified = dialect.simplify?.(request, 1 - 0.5 ** (this.#simplified + 1));
    const bytes = simplified?.body.bytes?.byteLength ?? 0;
    if (!simplified || bytes >= this.#simplifiedBytes) return undefined;
    this.#simplified += 1;
    this.#simplifiedBytes = bytes;
    return simplified;
  }
}
