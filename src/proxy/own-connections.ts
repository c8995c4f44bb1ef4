import type { Socket } from 'node:net';

/** Both ends of a connection. */
export interface Ends {
  readonly localPort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteAddress?: string | undefined;
}

/**
 * The connections that we have opened to upstreams. One of them that also arrives at our own listener carries a call that
 * goes in a circle. Both ends of it must fit: the port of an agent on this machine may well be that of a connection of ours
 * to somewhere else.
 */
export class OwnConnections {
  readonly #byLocalPort = new Map<number, Set<Ends>>();

  /** Keeps a connected socket until it closes. */
  add(socket: Socket): void {
    const forget = this.keep(socket);
    socket.once('close', forget);
  }

  /** Keeps a connection; returns what forgets it. */
  keep(ends: Ends): () => void {
    const { localPort } = ends;
    if (localPort === undefined) return () => {};
    const known = this.#byLocalPort.get(localPort) ?? new Set();
    this.#byLocalPort.set(localPort, known.add(ends));
    return () => {
      known.delete(ends);
      if (known.size === 0 && this.#byLocalPort.get(localPort) === known) this.#byLocalPort.delete(localPort);
    };
  }

  /** Whether the other end of an accepted connection is one of ours. */
  has({ remotePort, remoteAddress, localPort, localAddress }: Socket): boolean {
    const known = remotePort === undefined ? undefined : this.#byLocalPort.get(remotePort);
    if (!known) return false;
    for (const own of known) {
      const same = own.remotePort === localPort && plain(own.remoteAddress) === plain(localAddress);
      if (same && plain(own.localAddress) === plain(remoteAddress)) return true;
    }
    return false;
  }
}

/** A listener for IPv6 and IPv4 alike shows the addresses of the latter mapped. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '');
}
