import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { SharedConnections } from '../../src/cluster/shared-connections.ts';

const ends = (localPort: number) => ({ localPort, localAddress: '127.0.0.1', remotePort: 4141, remoteAddress: '127.0.0.1' });
/** The same connection as the proxy has accepted it. */
const accepted = (port: number) =>
  ({ remotePort: port, remoteAddress: '127.0.0.1', localPort: 4141, localAddress: '127.0.0.1' }) as unknown as Socket;

it('connections of other workers are known until they close, or until their worker is gone', () => {
  const own = new SharedConnections(1, () => {});
  const known = () => [5001, 5002, 5003].filter((port) => own.has(accepted(port)));
  own.hear({ slot: 2, id: 1, ends: ends(5001) });
  own.hear({ slot: 2, id: 2, ends: ends(5002) });
  own.hear({ slot: 3, id: 1, ends: ends(5003) });
  expect(known()).toEqual([5001, 5002, 5003]);
  own.hear({ slot: 2, id: 1, ends: undefined });
  expect(known()).toEqual([5002, 5003]);
  own.hear({ slot: 2, id: 0, ends: undefined });
  expect(known()).toEqual([5003]);
});
