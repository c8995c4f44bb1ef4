import { z } from 'zod';
import { type FaultKind, faultKinds } from '../../core/event.ts';
import { instant } from '../../settings/instant.ts';
import { count, duration, share } from '../../settings/units.ts';

const pattern = z.string().min(1).optional();

/** One mapping for all kinds, so that a misspelled key or kind is told by its name. */
const writtenFault = z.strictObject({
  kind: z.enum(faultKinds),
  /** Of the attempts that it may hit. */
  share: share.prefault('100%'),
  /** Whom it may hit: literals, in which `*` stands for any characters. `path` is what lies behind the route's, without the query. */
  agent: pattern,
  path: pattern,
  model: pattern,
  /** delay: how long (1s); stall: how long, else until a limit ends it. */
  for: duration.optional(),
  /** Of `status`: the status (503), the wait that it asks for, and the body. */
  status: z.int().min(400).max(599).optional(),
  retryAfter: duration.optional(),
  body: z.string().optional(),
  /** Of `timeout`: which limit runs out (firstByte). */
  phase: z.enum(['connect', 'firstByte']).optional(),
  /** cut, stall, malformed, in-band-error, truncate: events that pass first (1). What is no stream is hit in its middle. */
  after: z.int().min(0).optional(),
  /** Of `slow-drip`: so many bytes (16) every so often (100ms). */
  bytes: count.optional(),
  every: duration.optional(),
});

type Written = z.output<typeof writtenFault>;
type OwnKey = Exclude<keyof Written, 'kind' | 'share' | 'agent' | 'path' | 'model'>;

const keysOf: Readonly<Record<FaultKind, readonly OwnKey[]>> = {
  delay: ['for'],
  status: ['status', 'retryAfter', 'body'],
  reset: [],
  refuse: [],
  timeout: ['phase'],
  cut: ['after'],
  stall: ['after', 'for'],
  'slow-drip': ['bytes', 'every'],
  malformed: ['after'],
  'in-band-error': ['after'],
  'empty-200': [],
  truncate: ['after'],
};

const ownKeys = [...new Set(Object.values(keysOf).flat())];

/** What to do to an attempt. Times are milliseconds. */
export type FaultAction =
  | { kind: 'delay'; forMs: number }
  | { kind: 'status'; status: number; retryAfterMs: number | undefined; body: string | undefined }
  | { kind: 'reset' | 'refuse' | 'empty-200' }
  | { kind: 'timeout'; phase: 'connect' | 'firstByte' }
  | { kind: 'cut' | 'malformed' | 'in-band-error' | 'truncate'; after: number }
  | { kind: 'stall'; after: number; forMs: number | undefined }
  | { kind: 'slow-drip'; bytes: number; everyMs: number };

export interface Fault {
  /** A fraction of 1. */
  share: number;
  agent: string | undefined;
  path: string | undefined;
  model: string | undefined;
  action: FaultAction;
}

const fault = writtenFault.transform((written, context): Fault => {
  const { kind, agent, path, model } = written;
  for (const key of ownKeys) {
    if (written[key] === undefined || keysOf[kind].includes(key)) continue;
    context.addIssue({ code: 'custom', path: [key], message: `does nothing for a fault of kind ${kind}`, input: written[key] });
  }
  return { share: written.share, agent, path, model, action: actionOf(written) };
});

export const chaosSettings = z.strictObject({
  enabled: z.boolean().default(false),
  /** Faults end then; without it, an hour after these settings were first in force. */
  until: instant.optional(),
  /** The same seed draws the same faults for the same sequence of attempts. */
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  /** Each attempt is drawn for every fault by itself, in this order. */
  faults: z.array(fault).default([]),
  observe: z.boolean().default(false),
});

export type ChaosSettings = z.output<typeof chaosSettings>;

function actionOf(written: Written): FaultAction {
  const { kind, after = 1 } = written;
  switch (kind) {
    case 'delay':
      return { kind, forMs: written.for ?? 1000 };
    case 'status':
      return { kind, status: written.status ?? 503, retryAfterMs: written.retryAfter, body: written.body };
    case 'reset':
    case 'refuse':
    case 'empty-200':
      return { kind };
    case 'timeout':
      return { kind, phase: written.phase ?? 'firstByte' };
    case 'cut':
    case 'malformed':
    case 'in-band-error':
    case 'truncate':
      return { kind, after };
    case 'stall':
      return { kind, after, forMs: written.for };
    case 'slow-drip':
      return { kind, bytes: written.bytes ?? 16, everyMs: written.every ?? 100 };
  }
}
