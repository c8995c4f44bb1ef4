import { z } from 'zod';
import { duration, share } from '../../settings/units.ts';

/** Why a call is traced that the head decision has left out. */
export const notableKinds = ['error', 'retry', 'fallback', 'loop'] as const;
export type NotableKind = (typeof notableKinds)[number];

/** Base address of a receiver of OTLP over HTTP; the path of the signal is added. */
const endpoint = z
  .string()
  .refine(isBaseUrl, 'expected an http:// or https:// URL without credentials, query or fragment, such as http://127.0.0.1:4318')
  .default('http://127.0.0.1:4318');

const hostPattern = z
  .string()
  .regex(/^(\*\.)?[^\s:/*]+(:\d{1,5})?$/, 'expected a host such as tools.internal, with or without a port, or *.internal');

/** Traces are made only where this stands, or where `OTEL_*` variables ask for them. */
export const traceSettings = z.strictObject({
  endpoint: endpoint.describe('Receiver of OTLP over HTTP; /v1/traces is added.'),
  sample: share.prefault('10%').describe('Share of the traces that begin here; a caller that sends a trace context decides by itself.'),
  alwaysOn: z
    .array(z.enum(notableKinds))
    .default([...notableKinds])
    .describe('What makes a call worth a trace that was not sampled.'),
  baggage: z.array(hostPattern).default([]).describe("Hosts of upstreams that get the agents' baggage header; nobody else does."),
});

/** The same numbers as on `/metrics`, pushed by OTLP. */
export const pushSettings = z.strictObject({
  endpoint: endpoint.describe('Receiver of OTLP over HTTP; /v1/metrics is added.'),
  interval: duration
    .refine((ms) => ms >= 1000, 'expected at least 1s')
    .prefault('60s')
    .describe('Time between two pushes.'),
});

export const captureSettings = z.strictObject({
  bodies: z.boolean().default(false).describe('Put paths, prompts and answers into spans, without what looks like a credential.'),
});

export const semconv = z.enum(['off', 'v1.41', 'latest']);

export type PushSettings = z.output<typeof pushSettings>;
export type Semconv = z.output<typeof semconv>;

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && !/[?#]/.test(text);
}
