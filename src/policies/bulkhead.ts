import { z } from 'zod';
import { count, duration } from '../settings/units.ts';

export const bulkheadSettings = z.strictObject({
  /** Calls at a time; a place is held until the body has ended. */
  concurrent: count.default(256),
  /** Calls that may wait for a place, first come first served. */
  queue: z.int().min(0).default(256),
  /** The longest wait. */
  wait: duration.prefault('10s'),
  observe: z.boolean().default(false),
});

export type BulkheadSettings = z.output<typeof bulkheadSettings>;
