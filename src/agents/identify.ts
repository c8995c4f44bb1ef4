import { LRUCache } from 'lru-cache';
import type { Agent, Caller } from '../core/exchange.ts';
import type { RawHeaders } from '../core/headers.ts';
import { isAgentName } from './agent-id.ts';
import { type CallerFields, callerFields } from './caller-fields.ts';
import type { ClientNames } from './client-names.ts';
import { knownClient, namedClient } from './known-clients.ts';
import type { Principals } from './principal.ts';

/** Callers that are remembered, so that one look-up tells who they are. */
const callersRemembered = 5000;
const clientLength = 60;

/** Tells who sends a request, by its head. `fromPath` is the name behind an `@`, and `key` the credential in the query. */
export type Identify = (headers: RawHeaders, fromPath: string | undefined, key: string | undefined) => Caller;

/**
 * The agent is named by the first that applies: our own header, an `@name` in the path, a credential that the configuration
 * gives to an agent (`keys`, by agents' names), the program itself where it is a known agent or has said its name when it
 * began its session.
 */
export function createIdentify(keys: ReadonlyMap<string, readonly string[]>, principals: Principals, clients: ClientNames): Identify {
  const byPrincipal = new Map<string, string>();
  for (const [name, credentials] of keys) for (const credential of credentials) byPrincipal.set(principals.tag(credential), name);
  const known = new LRUCache<string, Agent>({ max: callersRemembered });
  return (headers, fromPath, key) => {
    const fields = callerFields(headers);
    const credential = fields.credential ?? key;
    const principal = credential === undefined ? '' : principals.tag(credential);
    const clientSession = fields.thread ?? fields.clientSession;
    const told = clients.of(principal, clientSession);
    const caller = `${principal}\n${fields.agent}\n${fromPath}\n${fields.userAgent}\n${fields.originator}\n${told}`;
    let agent = known.get(caller);
    if (!agent) {
      agent = agentOf(fields, fromPath, principal, byPrincipal.get(principal), told);
      known.set(caller, agent);
    }
    return { agent, session: fields.session, clientSession };
  };
}

function agentOf(
  fields: CallerFields,
  fromPath: string | undefined,
  principal: string,
  ofCredential: string | undefined,
  told: string | undefined,
): Agent {
  const client = (told ?? fields.userAgent)?.slice(0, clientLength);
  const said = fields.agent?.trim().toLowerCase();
  if (said !== undefined && isAgentName(said)) return { name: said, source: 'header', principal, client };
  if (fromPath !== undefined) return { name: fromPath, source: 'path', principal, client };
  if (ofCredential !== undefined) return { name: ofCredential, source: 'credential', principal, client };
  const own = knownClient(fields.originator ?? fields.userAgent ?? '') ?? namedClient(told);
  if (own !== undefined) return { name: own, source: 'client', principal, client };
  return { name: 'default', source: 'default', principal, client };
}
