import type { RawHeaders } from '../core/headers.ts';

/** Fields that concern one connection only (RFC 9110, section 7.6.1) and never cross the sidecar. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'proxy-authenticate',
  'proxy-authorization',
  'http2-settings',
]);

/** Of requests besides: set anew for the upstream, answered by us, or meant for us. */
const requestOnly = new Set(['host', 'expect', 'trailer', 'x-outrigger-agent', 'x-outrigger-session', 'x-outrigger-idempotent']);

/**
 * Fields that a sender's Connection header cannot take away: a caller that names them there would otherwise strip
 * credentials or framing on the way (CVE-2025-48865).
 */
const notNominable = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'set-cookie',
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'idempotency-key',
  'cache-control',
]);

/** The end-to-end fields of a request, in order, with case and duplicates kept. */
export function requestFields(raw: RawHeaders): string[] {
  return endToEnd(raw, requestOnly);
}

/** The end-to-end fields of a response. */
export function responseFields(raw: RawHeaders): string[] {
  return endToEnd(raw, undefined);
}

/** Fields that mean something only before the body: they frame, route, authenticate or describe it (RFC 9110, 6.5.1). */
const notInTrailers = new Set([
  ...['content-length', 'content-encoding', 'content-type', 'content-range', 'trailer', 'host', 'expect', 'max-forwards'],
  ...['authorization', 'cookie', 'set-cookie', 'www-authenticate', 'location', 'retry-after', 'vary'],
  ...['age', 'cache-control', 'date', 'expires', 'pragma', 'warning'],
]);

/** The fields that may follow the body of a response. */
export function trailerFields(raw: RawHeaders): string[] {
  return endToEnd(raw, undefined).filter((_, i, fields) => !notInTrailers.has((fields[i & ~1] as string).toLowerCase()));
}

/** Lengths of the names above: most fields are told apart by theirs alone. */
const specialLengths = new Set([...hopByHop, ...requestOnly].map((name) => name.length));

function endToEnd(raw: RawHeaders, also: ReadonlySet<string> | undefined): string[] {
  const kept: string[] = [];
  let nominated: string[] | undefined;
  let trailers = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (!specialLengths.has(name.length)) {
      kept.push(name, value);
      continue;
    }
    const lower = name.toLowerCase();
    if (lower === 'connection') nominated = nominate(value, nominated);
    else if (lower === 'te' && also) trailers ||= /(^|,)\s*trailers\s*(,|;|$)/i.test(value);
    if (hopByHop.has(lower) || also?.has(lower)) continue;
    kept.push(name, value);
  }
  if (trailers) kept.push('te', 'trailers');
  return nominated ? kept.filter((_, i) => !nominated.includes((kept[i & ~1] as string).toLowerCase())) : kept;
}

function nominate(value: string, before: string[] | undefined): string[] | undefined {
  // By far the most common values name no field.
  if (value === 'keep-alive' || value === 'close') return before;
  const names = value
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '' && part !== 'close' && part !== 'keep-alive' && part !== 'te' && !notNominable.has(part));
  return names.length === 0 ? before : [...(before ?? []), ...names];
}

/** Fields with some set anew, each in place of all that had its name. */
export function withFields(fields: readonly string[], replacements: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(replacements);
  if (names.length === 0) return fields;
  const lower = new Set(names.map((name) => name.toLowerCase()));
  const kept = fields.filter((_, i) => !lower.has((fields[i & ~1] as string).toLowerCase()));
  for (const name of names) kept.push(name, replacements[name] as string);
  return kept;
}

/**
 * What may follow a call to another upstream than the one that the agent addressed: no credentials, no vendor fields.
 * Subprotocols of a WebSocket are not among it: browsers carry keys in them.
 */
const portable = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'content-encoding',
  'content-length',
  'user-agent',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
]);

export function portableFields(fields: readonly string[]): string[] {
  return fields.filter((_, i) => portable.has((fields[i & ~1] as string).toLowerCase()));
}

/** The query of a path reduced to keys that name no account: the answer's shape (`alt`) only. */
export function portablePath(path: string): string {
  const at = path.indexOf('?');
  if (at < 0) return path;
  const kept = path
    .slice(at + 1)
    .split('&')
    .filter((pair) => pair === 'alt' || pair.startsWith('alt='));
  return kept.length === 0 ? path.slice(0, at) : `${path.slice(0, at)}?${kept.join('&')}`;
}
