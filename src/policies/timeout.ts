import { z } from 'zod';
import { duration } from '../settings/units.ts';

export const timeoutSettings = z.strictObject({
  /** DNS, TCP and TLS. */
  connect: duration.prefault('5s'),
  /** Of streams and plain HTTP: to the first meaningful byte; comments and start-up frames do not count. */
  firstByte: duration.prefault('2m'),
  /** Of a model call that is not streamed: to its answer. None: the deadline rules. */
  answer: duration.optional(),
  /** Between meaningful chunks, counted while a read is pending. */
  idle: duration.prefault('60s'),
  /** Of one attempt with its body; none unless set. */
  total: duration.optional(),
  /** A stream that has shown start-up frames and no error for that long is handed on. */
  hold: duration.prefault('15s'),
  observe: z.boolean().default(false),
});

export type TimeoutSettings = z.output<typeof timeoutSettings>;
