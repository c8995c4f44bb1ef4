import { z } from 'zod';
import type { Target } from '../../core/exchange.ts';
import { count } from '../../settings/units.ts';
import { verdictList } from '../../settings/verdicts.ts';
import { replaceableVerdicts } from '../replaceable-verdicts.ts';
import { retrySettings } from '../retry.ts';
import { timeoutSettings } from '../timeout.ts';

/** One target of a fallback: another model, another upstream, or both. */
export const fallbackEntry = z
  .strictObject({
    /** The route's own unless set. */
    upstream: z.string().optional(),
    /** The one that the agent asked for unless set. */
    model: z.string().min(1).optional(),
    /** Verdicts of the target before it; a refusal by a breaker or a bulkhead always leads on. */
    on: verdictList.default([...replaceableVerdicts]),
    /** In place of the policy set's. */
    timeout: timeoutSettings.optional(),
    /** In place of the policy set's, except for the budget: an upstream has one. */
    retry: retrySettings.omit({ budget: true }).optional(),
    /** For a call that comes from OpenAI's format without a limit of output tokens to a target that speaks Anthropic's; 4096 unless set. */
    maxTokens: count.optional(),
    observe: z.boolean().default(false),
  })
  .refine(({ upstream, model }) => upstream !== undefined || model !== undefined, 'expected an upstream, a model or both');

export type FallbackEntry = z.output<typeof fallbackEntry>;

/** The limit of output tokens that is put in where the target's format wants one, unless the entry names its own. */
export const defaultMaxTokens = 4096;

/** Where an entry leads from a route whose own upstream is `home`. */
export function targetOf({ upstream, model }: FallbackEntry, home: string): Target {
  return { upstream: upstream ?? home, ...(model !== undefined && { model }) };
}

/** What events and metrics call a target: `upstream`, or `upstream/model` where the configuration names the model. */
export function targetName({ upstream, model }: Target): string {
  return model === undefined ? upstream : `${upstream}/${model}`;
}

/** Every move that these entries can make from a route to `home`, as the `fallback` events call them. */
export function fallbackMoves(entries: readonly FallbackEntry[], home: string): { from: string; to: string }[] {
  const names = entries.map((entry) => targetName(targetOf(entry, home)));
  return names.flatMap((to, index) => [home, ...names.slice(0, index)].map((from) => ({ from, to })));
}
