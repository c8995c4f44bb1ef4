import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { TraceReader } from './core/trace.ts';
import { readConversation } from './llm/conversation/read-conversation.ts';
import { contextInBody, readTracedRequest } from './llm/traced-request.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { RunningTraces } from './telemetry/traces/create-tracing.ts';
import { type Environment, planTelemetry, traceTerms } from './telemetry/traces/environment.ts';
import { upstreamFacts } from './telemetry/traces/upstream-facts.ts';
import { version } from './version.ts';

/** The longest that the last spans and metrics are waited for. */
const closingMs = 5000;

/** What leaves the sidecar by OTLP. */
export interface Exports {
  readonly traces: RunningTraces | undefined;
  /** Begins to push metrics, where that is wanted. */
  push(metrics: Metrics): Promise<void>;
  /** Takes what of a new configuration can be taken without a restart. */
  configure(config: Config): void;
  /** Sends what is left, for at most 5 s. Never rejects. */
  close(): Promise<void>;
}

const reader: TraceReader = { context: contextInBody, request: readTracedRequest, conversation: readConversation };

/** Begins to export what the configuration and the environment ask for; loads nothing of OpenTelemetry's for what they do not. */
export async function startExports(config: Config, env: Environment, clock: Clock, logger: Logger): Promise<Exports> {
  const plan = planTelemetry(config.telemetry, env);
  for (const warning of plan.warnings) logger.warn(warning);
  const traces = plan.traces && (await startTraces(config, env, clock, logger, plan.traces));
  const running: { close(timeoutMs: number): Promise<void> }[] = traces ? [traces] : [];
  return {
    traces,
    async push(metrics) {
      if (!plan.push) return;
      const { pushMetrics } = await import('./telemetry/push-metrics.ts');
      running.push(pushMetrics({ version, ...plan.push, producer: metrics.producer }));
    },
    configure(now) {
      traces?.tracer.configure({ terms: traceTerms(now.telemetry, env), upstreams: upstreamsOf(now) });
    },
    close: async () => {
      await Promise.all(running.map((one) => one.close(closingMs)));
    },
  };
}

type TracePlan = NonNullable<ReturnType<typeof planTelemetry>['traces']>;

async function startTraces(config: Config, env: Environment, clock: Clock, logger: Logger, plan: TracePlan): Promise<RunningTraces> {
  const { createTracing } = await import('./telemetry/traces/create-tracing.ts');
  return createTracing({
    ...plan,
    version,
    clock,
    reader,
    terms: traceTerms(config.telemetry, env),
    upstreams: upstreamsOf(config),
    scheme: config.listen.cert === undefined ? 'http' : 'https',
    onChange(state, error) {
      if (state === 'failing') logger.warn({ err: error }, 'traces cannot be exported; calls go on without');
      else logger.info('traces are exported again');
    },
  });
}

function upstreamsOf({ upstreams, telemetry }: Config) {
  const baggage = telemetry.traces?.baggage ?? [];
  return new Map(Object.entries(upstreams).map(([name, { url }]) => [name, upstreamFacts(url, baggage)]));
}
