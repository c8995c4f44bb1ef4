import { z } from 'zod';
import { dialectNames } from '../core/dialect.ts';
import { address } from '../settings/address.ts';
import { toolRules } from '../settings/tool-rules.ts';
import { duration, size } from '../settings/units.ts';

/** Where agents connect to. `cert` and `key` are paths of PEM files and make it a TLS listener. */
export const listen = z.union([
  address.transform((text) => ({ address: text, cert: undefined, key: undefined })),
  z.strictObject({ address, cert: z.string().min(1), key: z.string().min(1) }),
]);

const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'expected a header name');
const headerText = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'expected a header value without control characters');

/** What stands behind the sidecar: an LLM provider, a tool or, with `simulated:`, the built-in provider. */
export const upstream = z.strictObject({
  url: z.string().refine(isUpstreamUrl, 'expected an http:// or https:// URL without credentials, query or fragment, or simulated:'),
  dialect: z.enum([...dialectNames, 'auto']).default('auto'),
  /** Set on every request to it, in place of the agent's own. */
  headers: z.record(headerName, headerText).default({}),
  /** Of an MCP server: by the exact name of a tool, whether a call of it may be sent again, whatever the tool says of itself. */
  tools: toolRules.default({}).describe('Whether calls of single MCP tools may be sent again, by the name of the tool.'),
  /** HTTP/2 where TLS negotiates it. */
  http2: z.boolean().default(false),
  tls: z
    .strictObject({
      /** Paths of PEM files: extra certificate authorities, and our own certificate and key for servers that ask. */
      ca: z.string().min(1).optional(),
      cert: z.string().min(1).optional(),
      key: z.string().min(1).optional(),
      serverName: z.string().min(1).optional(),
    })
    .prefault({}),
});

function isUpstreamUrl(text: string): boolean {
  if (text === 'simulated:') return true;
  const url = URL.parse(text);
  return (
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  );
}

/** The first segments of a path, matched at segment borders: `/openai` takes `/openai` and `/openai/…`. */
export const route = z.strictObject({
  path: z.string().regex(/^\/([^?#\s]*[^/?#\s])?$/, 'expected a path such as /openai, without a slash at its end'),
  upstream: z.string(),
  /** Name of a policy set; none for a plain pass-through. */
  policy: z.string().optional(),
});

export const limits = z.strictObject({
  requestBody: size.prefault('64MB'),
  /** Bodies above it are streamed through and cannot be sent twice. */
  replayBody: size.prefault('16MB'),
  headers: size.prefault('16KB'),
  connections: z.int().min(1).default(10_000),
  /** Conversations that loop detection remembers, the latest ones: about 16 KB each. */
  sessions: z.int().min(1).default(10_000),
  /** From the first byte of a request to the end of its head; from there to the end of its body. */
  headersTimeout: duration.prefault('15s'),
  requestTimeout: duration.prefault('5m'),
});

export type Listen = z.output<typeof listen>;
export type Upstream = z.output<typeof upstream>;
export type Route = z.output<typeof route>;
export type Limits = z.output<typeof limits>;
