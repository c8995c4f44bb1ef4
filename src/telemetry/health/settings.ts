import { z } from 'zod';
import { count, duration, share } from '../../settings/units.ts';

const shortestWindowMs = 10_000;

/** Two thresholds of a value that is worse the higher it is. */
function rising<Value extends z.ZodType<number>>(value: Value, warning: z.input<Value>, critical: z.input<Value>) {
  return z
    .strictObject({ warning: value.prefault(warning), critical: value.prefault(critical) })
    .refine((at) => at.critical >= at.warning, { path: ['critical'], error: 'must not be below warning' })
    .prefault({});
}

/** What makes `/api/health` say warning and critical. A status begins where its threshold is reached. */
export const healthSettings = z.strictObject({
  window: duration
    .refine((ms) => ms >= shortestWindowMs, 'expected at least 10s')
    .prefault('5m')
    .describe('How far back error rate, latency, availability and alert delivery look.'),
  minimum: count
    .default(20)
    .describe('With fewer calls in the window there is no error rate and no latency; attempts and availability likewise.'),
  errorRate: rising(share, '10%', '25%').describe('Share of calls that ended in an error, as their agents saw it.'),
  latency: rising(duration, '5s', '10s').describe('To the head of the answer, of the slowest call but one in 20 (p95).'),
  availability: z
    .strictObject({ warning: share.prefault('95%'), critical: share.prefault('80%') })
    .refine((at) => at.critical <= at.warning, { path: ['critical'], error: 'must not be above warning' })
    .prefault({})
    .describe('Share of attempts that an upstream answered, of the upstream where it is lowest.'),
  breakers: rising(count, 1, 3).describe('Upstreams whose circuit is not closed.'),
  cpu: rising(share, '80%', '90%').describe('Of one processor, or of the part of one that the container may use; over a minute.'),
  memory: rising(share, '80%', '90%').describe("Resident memory, of the container's limit or else of the machine's memory."),
  disk: rising(share, '85%', '95%').describe('Used share of the disk of the state directory.'),
  eventLoop: rising(duration, '100ms', '500ms').describe('How late the event loop comes to its work (p99).'),
  alertDelivery: rising(share, '10%', '50%').describe('Share of alert messages that could not be delivered.'),
});

export type HealthSettings = z.output<typeof healthSettings>;
