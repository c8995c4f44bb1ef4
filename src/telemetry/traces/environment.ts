import type { TelemetrySettings } from '../settings.ts';
import type { NotableKind, PushSettings, Semconv } from './settings.ts';

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Who decides on a trace, before anything of the call is known. */
export interface HeadSampling {
  /** From 0 to 1. */
  readonly ratio: number;
  /** The decision of a caller that sends a trace context holds. */
  readonly parentBased: boolean;
}

/** How spans wait for their export. */
export interface Batching {
  readonly delayMs: number;
  readonly mostQueued: number;
  readonly mostSent: number;
  readonly timeoutMs: number;
}

/** What of traces can change while the process runs. */
export interface TraceTerms {
  readonly head: HeadSampling;
  readonly alwaysOn: ReadonlySet<NotableKind>;
  readonly capture: boolean;
  readonly semconv: Semconv;
}

/** What an exporter is given; it reads from `OTEL_*` variables what is left out. */
export interface ExportTarget {
  readonly url?: string;
  /** Of one export, retries included. */
  readonly timeoutMillis?: number;
}

export interface TelemetryPlan {
  /** Where traces are exported to, if they are. */
  readonly traces: { readonly target: ExportTarget; readonly batching: Batching } | undefined;
  /** Where metrics are pushed to, if they are. */
  readonly push: { readonly target: ExportTarget; readonly intervalMs: number } | undefined;
  /** What variables ask for in vain, for people. */
  readonly warnings: readonly string[];
}

const everyNotable: readonly NotableKind[] = ['error', 'retry', 'fallback', 'loop'];
const defaultSample = 0.1;
const defaultIntervalMs = 60_000;
/** A process that ends waits for an export under way. */
const defaultTimeoutMs = 5000;

/**
 * What is to be exported by the configuration and the standard `OTEL_*` variables, which win. An endpoint or
 * `OTEL_TRACES_EXPORTER=otlp` among them switches traces on; metrics are pushed only where that is asked for by name.
 */
export function planTelemetry(settings: TelemetrySettings, env: Environment): TelemetryPlan {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return { traces: undefined, push: undefined, warnings: [] };
  const warnings: string[] = [];
  const traces = wanted('TRACES', settings.traces !== undefined || named(env, 'OTEL_EXPORTER_OTLP_ENDPOINT'), env, warnings);
  const push = wanted('METRICS', settings.metrics.otlp !== undefined, env, warnings);
  if (traces || push) warnings.push(...protocolWarnings(env), ...samplerWarnings(env), ...endpointWarnings(env));
  return {
    traces: traces ? { target: targetOf('TRACES', settings.traces?.endpoint, env), batching: batchingOf(settings, env) } : undefined,
    push: push
      ? { target: targetOf('METRICS', settings.metrics.otlp?.endpoint, env), intervalMs: intervalOf(settings.metrics.otlp, env) }
      : undefined,
    warnings,
  };
}

/** The rest of the same, for calls that begin from now on. */
export function traceTerms(settings: TelemetrySettings, env: Environment): TraceTerms {
  const { traces, capture, semconv } = settings;
  const latest = (env['OTEL_SEMCONV_STABILITY_OPT_IN'] ?? '').split(',').some((one) => one.trim() === 'gen_ai_latest_experimental');
  return {
    head: headSampling(traces?.sample ?? defaultSample, env),
    alwaysOn: new Set(traces?.alwaysOn ?? everyNotable),
    capture: capture.bodies,
    semconv: latest && semconv !== 'off' ? 'latest' : semconv,
  };
}

type Signal = 'TRACES' | 'METRICS';

function wanted(signal: Signal, configured: boolean, env: Environment, warnings: string[]): boolean {
  const name = `OTEL_${signal}_EXPORTER`;
  const exporters = (env[name] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (exporters.length === 0) return configured || named(env, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`);
  const unknown = exporters.filter((one) => one !== 'otlp' && one !== 'none');
  if (unknown.length > 0) warnings.push(`${name}: only otlp and none are supported, not ${unknown.join(', ')}`);
  return exporters.includes('otlp') || (configured && !exporters.includes('none'));
}

function targetOf(signal: Signal, configured: string | undefined, env: Environment): ExportTarget {
  const placed = named(env, 'OTEL_EXPORTER_OTLP_ENDPOINT') || named(env, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`);
  const timed = named(env, 'OTEL_EXPORTER_OTLP_TIMEOUT') || named(env, `OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`);
  return {
    ...(!placed && configured !== undefined && { url: `${configured.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}` }),
    ...(!timed && { timeoutMillis: defaultTimeoutMs }),
  };
}

function headSampling(ratio: number, env: Environment): HeadSampling {
  const sampler = env['OTEL_TRACES_SAMPLER']?.trim() ?? '';
  const argument = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? '');
  const given = named(env, 'OTEL_TRACES_SAMPLER_ARG') && argument >= 0 && argument <= 1 ? argument : 1;
  const parentBased = sampler === '' || sampler.startsWith('parentbased_');
  switch (sampler.replace(/^parentbased_/, '')) {
    case 'always_on':
      return { ratio: 1, parentBased };
    case 'always_off':
      return { ratio: 0, parentBased };
    case 'traceidratio':
      return { ratio: given, parentBased };
    default:
      return { ratio, parentBased: true };
  }
}

function samplerWarnings(env: Environment): string[] {
  const sampler = env['OTEL_TRACES_SAMPLER']?.trim() ?? '';
  if (sampler === '' || /^(parentbased_)?(always_on|always_off|traceidratio)$/.test(sampler)) return [];
  return [`OTEL_TRACES_SAMPLER: ${sampler} is not known; the configured share is sampled`];
}

function protocolWarnings(env: Environment): string[] {
  const names = ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'];
  return names
    .filter((name) => named(env, name) && env[name]?.trim() !== 'http/protobuf')
    .map((name) => `${name}: ${env[name]} is not supported; http/protobuf is used, whose port is mostly 4318`);
}

/** The libraries would go on to an address of their own without a word. */
function endpointWarnings(env: Environment): string[] {
  const names = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'];
  return names
    .filter((name) => named(env, name) && URL.parse(env[name] ?? '') === null)
    .map((name) => `${name} is no URL: what would go there goes to http://localhost:4318`);
}

/** Content makes spans large: fewer of them may wait. */
function batchingOf({ capture }: TelemetrySettings, env: Environment): Batching {
  const mostQueued = whole(env, 'OTEL_BSP_MAX_QUEUE_SIZE', capture.bodies ? 512 : 2048);
  return {
    delayMs: whole(env, 'OTEL_BSP_SCHEDULE_DELAY', 5000),
    mostQueued,
    mostSent: Math.min(mostQueued, whole(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
    timeoutMs: whole(env, 'OTEL_BSP_EXPORT_TIMEOUT', 30_000),
  };
}

function intervalOf(settings: PushSettings | undefined, env: Environment): number {
  return whole(env, 'OTEL_METRIC_EXPORT_INTERVAL', settings?.interval ?? defaultIntervalMs);
}

/** A whole number above 0; anything else counts as not set. */
function whole(env: Environment, name: string, otherwise: number): number {
  const number = Number(env[name] ?? '');
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}

/** An empty variable counts as none, by the specification. */
function named(env: Environment, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}
