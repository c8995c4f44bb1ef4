import { AdminError } from './admin-error.ts';

export interface AdminRequest {
  /** Values of the `{name}` segments, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** What a reader of a stream that lost its connection has read last. */
  readonly lastEventId: string | undefined;
  /** The JSON of a POST, or the fields of a form as texts; undefined for a GET. */
  readonly body: unknown;
}

export interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** In place of those that go with every answer; a list is sent as so many fields. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** An answer that goes on until its reader leaves. */
export interface AdminStream {
  readonly type: string;
  /** Begins it; `wake` is to be called when there may be something to take. */
  open(wake: () => void): StreamSource;
}

/** Where a stream comes from: it is asked for more only while its reader keeps up. */
export interface StreamSource {
  /** What comes next; undefined if there is nothing now. */
  take(): string | undefined;
  /** Nobody reads any more. */
  close(): void;
}

/** One thing that the admin port answers. A GET changes nothing; it answers HEAD as well. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** Such as `/api/agents/{id}/pause`: a segment in braces takes any one segment. */
  readonly path: string;
  /** A POST takes a form in place of JSON: for pages behind signed links alone. */
  readonly form?: boolean;
  /** Of a POST's body; 64 KB unless said. */
  readonly limitBytes?: number;
  handle(request: AdminRequest): AdminAnswer | AdminStream | Promise<AdminAnswer>;
}

/** An answer in JSON. */
export function json(value: unknown, status = 200): AdminAnswer {
  return { status, type: 'application/json; charset=utf-8', text: `${JSON.stringify(value ?? null)}\n` };
}

/** The route for a method and a path, with its parameters. Throws `not_found`, or `method_not_allowed` with Allow. */
export function findRoute(routes: readonly AdminRoute[], method: string, path: string) {
  const matching = routes.flatMap((route) => {
    const params = match(route.path, path);
    return params ? [{ route, params }] : [];
  });
  if (matching.length === 0) throw new AdminError('not_found', 'there is nothing at this path');
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = matching.find(({ route }) => route.method === wanted);
  if (found) return found;
  const allow = matching.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])).join(', ');
  throw new AdminError('method_not_allowed', `this path takes ${allow}`, { allow });
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== value) return undefined;
      continue;
    }
    const decoded = decode(value);
    if (!decoded) return undefined;
    params[segment.slice(1, -1)] = decoded;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
