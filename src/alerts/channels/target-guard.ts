import { lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isPrivateAddress } from './private-address.ts';

export interface TargetRules {
  /** The settings say that the target may be on a private or loopback address. */
  readonly allowPrivate: boolean;
  /** It is spoken to over TLS. Nothing goes to a public address in the clear. */
  readonly secure: boolean;
}

/** The settings do not allow a connection to the target's address. */
export class TargetRefused extends Error {}

/** Throws a `TargetRefused` for a host that is written as an address, and may not be connected to. A name is judged once it is resolved. */
export function checkLiteral(host: string, rules: TargetRules): void {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const why = isIP(address) === 0 ? undefined : refusal(address, rules);
  if (why !== undefined) throw new TargetRefused(why);
}

/**
 * Resolves names for a connection, to those of their addresses alone that may be connected to. What was judged is what is
 * connected to, so a name that answers differently the next time gains nothing.
 */
export function guardedLookup(rules: TargetRules): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const allowed = addresses.filter(({ address }) => refusal(address, rules) === undefined);
      const [first] = allowed;
      if (!first) return callback(new TargetRefused(`${hostname}: ${refusal(addresses[0]?.address ?? '', rules)}`), '');
      return options.all ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  };
}

/** Whether an error, or what caused it, is a `TargetRefused`. */
export function findRefusal(error: unknown): TargetRefused | undefined {
  if (error instanceof TargetRefused) return error;
  return error instanceof Error && error.cause !== undefined ? findRefusal(error.cause) : undefined;
}

function refusal(address: string, { allowPrivate, secure }: TargetRules): string | undefined {
  const isPrivate = isPrivateAddress(address);
  if (isPrivate && !allowPrivate) return `${address} is a private or loopback address; allowPrivate: true beside the target allows it`;
  return isPrivate || secure ? undefined : `${address} is a public address, and nothing is sent there without TLS`;
}
