import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { OwnConnections } from '../../src/proxy/own-connections.ts';

/** The ends of a connection as its one side sees them. */
function socket(local: string, remote: string): Socket {
  const [localAddress, localPort] = local.split(' ');
  const [remoteAddress, remotePort] = remote.split(' ');
  const ends = { localAddress, localPort: Number(localPort), remoteAddress, remotePort: Number(remotePort) };
  return Object.assign(new EventEmitter(), ends) as unknown as Socket;
}

describe('our own connections', () => {
  it('are recognised where they arrive', () => {
    const own = new OwnConnections();
    own.add(socket('127.0.0.1 50000', '127.0.0.1 4141'));
    expect(own.has(socket('127.0.0.1 4141', '127.0.0.1 50000'))).toBe(true);
    expect(own.has(socket('::ffff:127.0.0.1 4141', '::ffff:127.0.0.1 50000'))).toBe(true);
  });

  it('are not taken for an agent that has the port of a connection to somewhere else', () => {
    const own = new OwnConnections();
    own.add(socket('127.0.0.1 50000', '127.0.0.1 9000'));
    own.add(socket('10.0.0.1 50000', '10.0.0.2 4141'));
    expect(own.has(socket('127.0.0.1 4141', '127.0.0.1 50000'))).toBe(false);
  });

  it('are forgotten one by one as they close', () => {
    const own = new OwnConnections();
    const here = socket('127.0.0.1 50000', '127.0.0.1 4141');
    const elsewhere = socket('127.0.0.1 50000', '127.0.0.1 9000');
    own.add(here);
    own.add(elsewhere);
    elsewhere.emit('close');
    expect(own.has(socket('127.0.0.1 4141', '127.0.0.1 50000'))).toBe(true);
    here.emit('close');
    expect(own.has(socket('127.0.0.1 4141', '127.0.0.1 50000'))).toBe(false);
  });
});
