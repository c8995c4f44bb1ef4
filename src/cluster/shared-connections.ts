import type { Socket } from 'node:net';
import { type Ends, OwnConnections } from '../proxy/own-connections.ts';
import type { OwnConnection } from './messages.ts';

/** The connections to upstreams of one worker, and those of the others that may lead back to the proxy: a call can go in a circle through several. */
export class SharedConnections extends OwnConnections {
  readonly #slot: number;
  readonly #tell: (connection: OwnConnection) => void;
  /** By slot and id: what forgets it. */
  readonly #others = new Map<number, Map<number, () => void>>();
  /** Of the proxy; undefined until it listens. */
  port: number | undefined;
  #lastId = 0;

  /** `tell` hears of connections that the others must know. */
  constructor(slot: number, tell: (connection: OwnConnection) => void) {
    super();
    this.#slot = slot;
    this.#tell = tell;
  }

  override add(socket: Socket): void {
    super.add(socket);
    if (socket.remotePort !== this.port) return;
    this.#lastId += 1;
    const about = { slot: this.#slot, id: this.#lastId };
    this.#tell({ ...about, ends: endsOf(socket) });
    socket.once('close', () => this.#tell({ ...about, ends: undefined }));
  }

  /** Another worker has opened or closed one; with the id 0, it is gone. */
  hear({ slot, id, ends }: OwnConnection): void {
    const others = this.#others.get(slot) ?? new Map<number, () => void>();
    for (const gone of id === 0 ? [...others.keys()] : [id]) {
      others.get(gone)?.();
      others.delete(gone);
    }
    if (ends) others.set(id, this.keep(ends));
    this.#others.set(slot, others);
  }
}

function endsOf({ localPort, localAddress, remotePort, remoteAddress }: Socket): Ends {
  return { localPort, localAddress, remotePort, remoteAddress };
}
