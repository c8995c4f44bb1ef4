import type { GrowthKind, Order, Values } from './measurement.ts';
import { chatRequest, longBodies } from './payload.ts';
import { saturate } from './saturation.ts';

const connections = 32;
/** Few, so that those with large bodies fit into the buffers of sockets and a short window. */
const bodyConnections = 8;
/** Of processes that saturation has warmed up, and of those with many routes, which have just started. */
const warmUpMs = 1500;
const freshWarmUpMs = 7000;
const digits = 5;
const placeholder = 'x'.repeat(digits);

/** The name of the path of a route in a configuration with many. */
export function routePath(index: number): string {
  return `/r${name(index)}`;
}

/** Saturation by requests that belong to `count` different agents, sessions or routes in turn. */
export function growth(order: Order, kind: GrowthKind, count: number): Promise<Values> {
  const options = {
    agents: { headers: [`x-outrigger-agent: ${placeholder}`] },
    sessions: { headers: [`x-outrigger-session: ${placeholder}`] },
    routes: { path: `/r${placeholder}/v1/chat/completions` },
  }[kind];
  const template = chatRequest(order.port, options);
  const at = template.indexOf(placeholder);
  const requests = Array.from({ length: connections }, () => Buffer.from(template));
  let sent = 0;
  const next = (connection: number) => {
    const request = requests[connection]!;
    request.write(name(sent % count), at, 'latin1');
    sent += 1;
    return request;
  };
  return saturate(order, { connections, warmUpMs: kind === 'routes' ? freshWarmUpMs : warmUpMs, next });
}

/** Saturation by chat requests with a body of about that size. */
export function bodies(order: Order, kilobytes: number): Promise<Values> {
  const body = longBodies.get(kilobytes);
  const request = chatRequest(order.port, body && { body });
  return saturate(order, { connections: bodyConnections, warmUpMs, next: () => request });
}

function name(index: number): string {
  return String(index).padStart(digits, '0');
}
