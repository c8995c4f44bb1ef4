import type { Sidecar } from '../../../src/sidecar.ts';
import { type HttpMessage, valuesOf } from '../../kit/http-message.ts';
import { http } from '../../kit/http-text.ts';
import { exchange } from '../../kit/raw-client.ts';
import type { RawUpstream } from '../../kit/raw-upstream.ts';
import { sidecar } from '../../kit/start-sidecar.ts';
import { type OtlpReceiver, otlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';

export const agentTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
export const agentSpan = '00f067aa0ba902b7';
/** The trace context of an agent that samples. */
export const agentParent = `00-${agentTrace}-${agentSpan}-01`;

export interface Traced {
  receiver: OtlpReceiver;
  sidecar: Sidecar;
  /** Sends a call, and resolves to its answer. */
  ask(lines: readonly string[], body?: string): Promise<HttpMessage>;
  /** Ends the sidecar, so that all spans have been sent, and gives them. */
  spans(): Promise<ReceivedSpan[]>;
}

/** A sidecar that exports its traces to a receiver of the test. */
export async function traced(config: Record<string, unknown>, telemetry: Record<string, unknown> = {}): Promise<Traced> {
  const receiver = await otlpReceiver();
  const { traces, ...rest } = telemetry as { traces?: object };
  const it = await sidecar({
    ...config,
    telemetry: { log: { level: 'silent' }, traces: { endpoint: receiver.url, sample: '0%', ...traces }, ...rest },
  });
  return {
    receiver,
    sidecar: it,
    ask: (lines, body = '') => exchange(it.proxy, http([...lines, 'Host: h', `Content-Length: ${Buffer.byteLength(body)}`], body)),
    async spans() {
      await it.stop();
      return receiver.spans;
    },
  };
}

/** One upstream behind `/`, with a policy set. */
export function behindRoot(upstream: Pick<RawUpstream, 'url'>, policy?: object, more: object = {}): Record<string, unknown> {
  return {
    upstreams: { peer: { url: upstream.url, dialect: 'http', ...more } },
    routes: [{ path: '/', upstream: 'peer', ...(policy && { policy: 'only' }) }],
    ...(policy && { policies: { only: policy } }),
  };
}

/** The ids in the one `traceparent` of a request that an upstream was sent; throws where there is not exactly one. */
export function parentIn(request: HttpMessage | undefined): { traceId: string; spanId: string; flags: string } {
  const values = request ? valuesOf(request, 'traceparent') : [];
  if (values.length !== 1) throw new Error(`${values.length} traceparents: ${values.join(' and ')}`);
  const [version, traceId = '', spanId = '', flags = ''] = values[0]!.split('-');
  if (version !== '00' || traceId.length !== 32 || spanId.length !== 16) throw new Error(`no traceparent: ${values[0]}`);
  return { traceId, spanId, flags };
}
