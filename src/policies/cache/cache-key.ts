import { hash } from 'node:crypto';
import type { ProxiedRequest, Target } from '../../core/exchange.ts';
import { headerValue, mediaType, type RawHeaders } from '../../core/headers.ts';
import { canonicalJson } from './canonical-json.ts';
import { sortStably } from './sort-stably.ts';

/** What a key is made of beside the request. */
export interface KeyScope {
  /** Name of the policy set. */
  readonly set: string;
  /** What answers under the name of the upstream, in any words. */
  readonly server: string;
  /** What the agent asked for. */
  readonly target: Target;
  /** Callers with other credentials get the same key. */
  readonly shared: boolean;
  /** Known to this installation alone: nobody can tell from a key what it was made of. */
  readonly secret: string;
}

/** Fields that neither change an answer nor tell who asks. All others count: a credential may stand in any of them. */
const ignored: ReadonlySet<string> = new Set([
  ...['cache-control', 'content-length', 'date', 'idempotency-key', 'pragma', 'priority', 'user-agent'],
  ...['baggage', 'b3', 'traceparent', 'tracestate', 'x-amzn-trace-id', 'x-cloud-trace-context', 'x-correlation-id', 'x-request-id'],
  ...['x-client-request-id', 'x-codex-turn-metadata'],
]);
const ignoredPrefixes = ['x-stainless-', 'x-b3-', 'x-datadog-'];

/** Where callers say who they are. */
const credentials: ReadonlySet<string> = new Set([
  ...['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie'],
  ...['openai-organization', 'openai-project', 'x-goog-user-project'],
]);

/** Whether the answers to two requests that differ in this field alone have one key. `name` is lower-case. */
export function isOutsideKey(name: string, shared: boolean): boolean {
  return ignored.has(name) || ignoredPrefixes.some((prefix) => name.startsWith(prefix)) || (shared && credentials.has(name));
}

/**
 * The key of a request whose body is `body`: a keyed hash of all that may change its answer, credentials included, so that it
 * tells nothing of them and no two callers meet by chance or by design.
 */
export function cacheKey(request: ProxiedRequest, body: Uint8Array, { set, server, target, shared, secret }: KeyScope): string {
  const { method, path, headers } = request;
  const facts = [shared, set, server, target.upstream, target.model ?? null, method, path, fieldsOf(headers, shared)];
  const canonical = isPlainJson(headers) ? canonicalJson(body) : undefined;
  // As JSON the facts have no line end in them: nothing of one part can pass for another.
  const head = `${secret}\n${JSON.stringify(facts)}\n${canonical === undefined ? 'bytes' : 'json'}\n`;
  const inner = hash('sha256', head + (canonical ?? hash('sha256', body, 'base64url')), 'base64url');
  // Twice with the secret, as HMAC does; an Hmac object would cost more than all that it hashes here.
  return hash('sha256', `${secret}\n${inner}`, 'base64url');
}

/** The fields that count, sorted by name; those of one name stay in their order. */
function fieldsOf(headers: RawHeaders, shared: boolean): (readonly [name: string, value: string])[] {
  const fields: (readonly [string, string])[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (!isOutsideKey(name, shared)) fields.push([name, (headers[i + 1] as string).trim()]);
  }
  sortStably(fields, ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return fields;
}

function isPlainJson(headers: RawHeaders): boolean {
  const type = mediaType(headers);
  return (type === 'application/json' || type.endsWith('+json')) && headerValue(headers, 'content-encoding') === undefined;
}
