/** A route that matched, and what of the path is left behind its prefix. */
export interface Match<T> {
  route: T;
  /** Starts with a slash; raw, query included. */
  rest: string;
}

/**
 * Finds the route of a path: prefixes match at segment borders, the longest wins. Routes are matched on the raw path and
 * on a normalised copy; where the two disagree (`/open%61i`, `/a/../openai`) the path is ambiguous and nobody's.
 */
export class Router<T> {
  /** By prefix, the longest first; that of `/` is empty. */
  readonly #routes: ReadonlyMap<string, { prefix: string; route: T }>;
  readonly #longest: number;

  constructor(routes: readonly { path: string; route: T }[]) {
    const byLength = routes
      .map(({ path, route }) => ({ prefix: path === '/' ? '' : path, route }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
    this.#routes = new Map(byLength.map((entry) => [entry.prefix, entry]));
    this.#longest = byLength[0]?.prefix.length ?? 0;
  }

  /** The prefixes, for telling a lost caller. */
  get paths(): string[] {
    return Array.from(this.#routes.keys(), (prefix) => prefix || '/');
  }

  match(target: string): Match<T> | 'none' | 'ambiguous' {
    const at = target.indexOf('?');
    const path = at < 0 ? target : target.slice(0, at);
    const found = this.#find(path);
    if (needsNormalising(path) && this.#find(normalise(path)) !== found) return 'ambiguous';
    if (!found) return 'none';
    const rest = target.slice(found.prefix.length);
    return { route: found.route, rest: rest.startsWith('/') ? rest : `/${rest}` };
  }

  /** One look-up for each segment of the path, however many routes there are. */
  #find(path: string) {
    let end = path.length > this.#longest ? path.lastIndexOf('/', this.#longest) : path.length;
    while (end >= 0) {
      const found = this.#routes.get(path.slice(0, end));
      if (found || end === 0) return found;
      end = path.lastIndexOf('/', end - 1);
    }
    return undefined;
  }
}

function needsNormalising(path: string): boolean {
  return /%|\\|\/\/|\/\./.test(path);
}

/** What a careless server might make of a path: percent-decoded, backslashes and repeated slashes made one, dots resolved. */
export function normalise(path: string): string {
  const decoded = path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const kept: string[] = [];
  for (const segment of decoded.replaceAll('\\', '/').split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join('/')}`;
}
