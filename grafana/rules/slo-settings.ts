import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { callOutcomes } from '../../src/core/event.ts';
import { count, duration, share } from '../../src/settings/units.ts';
import { histograms } from '../../src/telemetry/names.ts';

const outcomes = z.array(z.enum(callOutcomes)).min(1);
const histogramNames = Object.values(histograms).map(({ name }) => name);

/** What is promised: a share of calls, judged by their outcome or by a histogram. */
const objective = z.union([
  z.strictObject({ objective: share, bad: outcomes, ignored: outcomes }),
  z
    .strictObject({ objective: share, histogram: z.enum(histogramNames), within: duration })
    .refine(({ histogram, within }) => boundsOf(histogram).includes(within / 1000), {
      error: ({ input }) => {
        const { histogram } = input as { histogram: string };
        return `within must be one of the buckets of ${histogram}: ${boundsOf(histogram).join(', ')} seconds`;
      },
      path: ['within'],
    }),
]);

const schema = z.strictObject({
  job: z.string().min(1),
  runbook: z.string().min(1),
  minimumCalls: count,
  objectives: z.record(z.string().regex(/^[a-z][a-z-]*$/), objective),
});

/** The content of config/slo.yml. Times are milliseconds, shares fractions of 1. */
export type SloSettings = z.output<typeof schema>;

/** One promise of config/slo.yml. */
export type Objective = z.output<typeof objective>;

/** Reads config/slo.yml. Throws an `Error` that says what is wrong with it. */
export function readSlo(file = resolve(import.meta.dirname, '../../config/slo.yml')): SloSettings {
  const read = schema.safeParse(parse(readFileSync(file, 'utf8')));
  if (!read.success) throw new Error(`${file}:\n${z.prettifyError(read.error)}`);
  return read.data;
}

function boundsOf(histogram: string): readonly number[] {
  return Object.values(histograms).find(({ name }) => name === histogram)?.bounds ?? [];
}
