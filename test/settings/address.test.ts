import { describe, expect, test } from 'vitest';
import { address, isLoopback, splitAddress } from '../../src/settings/address.ts';

describe('address', () => {
  test.each(['127.0.0.1:4141', 'localhost:0', '[::1]:65535', '0.0.0.0:80'])('takes %s', (text) => {
    expect(address.parse(text)).toBe(text);
  });

  test.each(['127.0.0.1', ':4141', '::1:4141', 'host:65536', 'host:port', 'http://host:80', 'a b:80'])('refuses %s', (text) => {
    expect(address.safeParse(text).success).toBe(false);
  });

  test('splits into host and port, without the brackets of a v6 host', () => {
    expect(splitAddress('127.0.0.1:4141')).toEqual({ host: '127.0.0.1', port: 4141 });
    expect(splitAddress('[::1]:0')).toEqual({ host: '::1', port: 0 });
  });
});

describe('isLoopback', () => {
  test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', 'localhost', 'LocalHost.', 'planner.localhost'])('knows %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'notlocalhost', 'localhost.example.org', '1127.0.0.1', ''])(
    'does not take %s for it',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
