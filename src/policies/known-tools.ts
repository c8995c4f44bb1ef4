import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ListedTool } from '../core/dialect.ts';
import type { ProxiedRequest } from '../core/exchange.ts';
import type { State } from '../core/state.ts';
import { isOutsideKey } from './cache/cache-key.ts';

/** Of all callers of an upstream together. */
const mostTools = 20_000;
/** Of one page of a list; no model could choose among more. */
const mostListed = 2000;
const longestName = 256;

/** Fields that belong to a single request, beside those that are outside of every key. */
const ofTheRequest: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'accept-language', 'content-encoding', 'content-type', 'last-event-id'],
  ...['mcp-method', 'mcp-name', 'mcp-protocol-version'],
]);
const argumentPrefix = 'mcp-param-';

/**
 * What the tools of an upstream have said of themselves, the latest word of each, kept apart by who was told: another
 * credential, session or endpoint may have other tools of the same name.
 */
export class KnownTools {
  readonly #repeatable = new LRUCache<string, boolean>({ max: mostTools });

  /** Takes a page of the list that this caller gets. A tool that is in it twice must be harmless both times. */
  listed(request: ProxiedRequest, tools: readonly ListedTool[]): void {
    const caller = callerOf(request);
    const said = new Map<string, boolean>();
    for (const { name, repeatable } of tools.slice(0, mostListed)) said.set(name, repeatable && (said.get(name) ?? true));
    for (const [name, repeatable] of said) if (name.length <= longestName) this.#repeatable.set(caller + name, repeatable);
  }

  /** Whether a tool has told this caller that it may be called twice. */
  isRepeatable(request: ProxiedRequest, tool: string): boolean {
    return this.#repeatable.get(callerOf(request) + tool) ?? false;
  }

  get size(): number {
    return this.#repeatable.size;
  }
}

/** What is known of an upstream's tools, shared by every stack. */
export function knownToolsOf(state: State, upstream: string): KnownTools {
  return state('tools', upstream, () => new KnownTools());
}

/** Stands for all that tells callers apart: always as long, and telling nothing of what it was made of. */
function callerOf({ path, headers }: ProxiedRequest): string {
  const facts = [path];
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (ofTheRequest.has(name) || name.startsWith(argumentPrefix) || isOutsideKey(name, false)) continue;
    facts.push(`${name}: ${headers[i + 1]}`);
  }
  return hash('sha256', JSON.stringify(facts.sort()), 'base64');
}
