import { isIP } from 'node:net';
import { isPrivateAddress } from '../alerts/channels/private-address.ts';
import { isLoopback } from '../settings/address.ts';
import type { Config } from './config.ts';
import type { Finding } from './problem.ts';

const shortSecretBytes = 24;

/** Channels that nothing will be sent over, or that are not as safe as they look. */
export function inertChannels(alerts: Config['alerts']): Finding[] {
  return Object.entries(alerts?.channels ?? {}).flatMap(([name, { slack, email, webhook }]): Finding[] => {
    const path = ['alerts', 'channels', name];
    const target = slack?.url ?? webhook?.url ?? email?.smtp ?? '';
    const allowed = slack?.allowPrivate ?? webhook?.allowPrivate ?? email?.allowPrivate ?? false;
    const findings: Finding[] = [];
    if (!allowed && isNear(target)) {
      const message = 'is on a private or loopback address, so nothing will be sent; allowPrivate: true beside it allows that';
      findings.push({ path: [...path, ...(email ? ['email', 'smtp'] : [slack ? 'slack' : 'webhook', 'url'])], at: 'key', message });
    }
    if (webhook && bytesOf(webhook.secret) < shortSecretBytes) {
      const message = `is shorter than ${shortSecretBytes} bytes, so it can be guessed`;
      findings.push({ path: [...path, 'webhook', 'secret'], at: 'key', message });
    }
    return findings;
  });
}

function isNear(target: string): boolean {
  const host = URL.parse(target)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  return isLoopback(host) || (isIP(host) !== 0 && isPrivateAddress(host));
}

function bytesOf(secret: string): number {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64').byteLength : Buffer.byteLength(secret);
}
