import { BlockList, isIP, isIPv6 } from 'node:net';

/** Not on the public internet: the registries of special-purpose addresses of IANA (RFC 6890), cloud metadata among them. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** Within 2000::/3, outside of which nothing is public. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = blockList([...special4, ...special6]);
const global6 = blockList(['2000::/3']);
/** A v4 address in the last 32 bits: mapped, or translated by a network without v4 (RFC 6052). */
const embedding6 = blockList(['::ffff:0:0/96', '64:ff9b::/96']);

/** Whether an IP address is not one of the public internet: loopback, private, link-local, metadata, reserved. True for what is none. */
export function isPrivateAddress(address: string): boolean {
  const [plain = ''] = address.split('%', 1);
  if (isIP(plain) === 0) return true;
  if (!isIPv6(plain)) return special.check(plain, 'ipv4');
  if (embedding6.check(plain, 'ipv6')) return special.check(lastFourBytes(plain), 'ipv4');
  return !global6.check(plain, 'ipv6') || special.check(plain, 'ipv6');
}

function lastFourBytes(address: string): string {
  // URL writes the last 32 bits as two groups, whatever way they were written.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
}
