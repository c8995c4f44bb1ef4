import { LRUCache } from 'lru-cache';
import type { Exchange, Handler } from '../core/exchange.ts';
import { headerValue } from '../core/headers.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';

/** Sessions whose program is remembered. */
const sessionsRemembered = 5000;

/** What programs have called themselves at the beginning of their sessions: later calls name the session alone. */
export class ClientNames {
  readonly #bySession = new LRUCache<string, string>({ max: sessionsRemembered });

  /** Undefined where nobody has said it. Sessions of two callers never meet. */
  of(principal: string, session: string | undefined): string | undefined {
    return session === undefined || this.#bySession.size === 0 ? undefined : this.#bySession.get(keyOf(principal, session));
  }

  remember(principal: string, session: string, name: string): void {
    this.#bySession.set(keyOf(principal, session), name);
  }
}

function keyOf(principal: string, session: string): string {
  return `${principal}\n${session}`;
}

/** Learns what a program calls itself from the answer of MCP that gives its session an id. Reads no body by itself. */
export function createClientNaming(names: ClientNames): Policy {
  return {
    name: 'clientNames',
    run: (exchange, next) =>
      exchange.dialect.name !== 'mcp' || exchange.clientSession !== undefined ? next(exchange) : learning(names, exchange, next),
  };
}

async function learning(names: ClientNames, exchange: Exchange, next: Handler): Promise<Outcome> {
  const outcome = await next(exchange);
  const client = exchange.request.described?.client;
  if (client === undefined || outcome.kind !== 'reply' || outcome.verdict !== 'ok') return outcome;
  const session = headerValue(outcome.headers, 'mcp-session-id');
  if (session !== undefined) names.remember(exchange.agent.principal ?? '', session, client);
  return outcome;
}
