import { z } from 'zod';
import { captureSettings, pushSettings, semconv, traceSettings } from './traces/settings.ts';

/** Far more than anybody reads, and few enough for a scrape that takes no time. */
const labelValues = z.int().min(1).max(500);

export const telemetrySettings = z.strictObject({
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
      /** Unset: pretty on a terminal, else json. */
      format: z.enum(['json', 'pretty']).optional(),
      /** A line for every exchange, not only for those in which something happened. */
      access: z.boolean().default(false),
    })
    .prefault({}),
  /** How many values the labels may have that callers choose; the rest are counted as `other`. */
  metrics: z
    .strictObject({
      agents: labelValues.default(50),
      models: labelValues.default(40),
      tools: labelValues.default(60),
      otlp: pushSettings.optional().describe('Pushes all metrics by OTLP as well.'),
    })
    .prefault({}),
  /** File with prices of models, looked at before the packaged one; it may name what that does not, or differ from it. */
  prices: z.string().min(1).optional(),
  traces: traceSettings.optional().describe('Exports traces by OTLP; docs/traces.md.'),
  capture: captureSettings.prefault({}).describe('What of the content of calls is kept.'),
  /** Conventions of OpenTelemetry for models and tools, in traces and metrics: by version, or none. */
  semconv: semconv.default('v1.41'),
});

export type TelemetrySettings = z.output<typeof telemetrySettings>;
