import { describe, expect, onTestFinished, test } from 'vitest';
import { createChannel } from '../../../src/alerts/channels/create-channel.ts';
import { isPrivateAddress } from '../../../src/alerts/channels/private-address.ts';
import { channelSettings } from '../../../src/alerts/channels/settings.ts';
import { guardedLookup } from '../../../src/alerts/channels/target-guard.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { message } from './messages.ts';
import { receiver } from './receiver.ts';

const never = new AbortController().signal;

describe('an address', () => {
  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::7f00:1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '2002:7f00:1::',
    'no address',
    '',
  ])('%s is none of the public internet', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  test.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '169.253.1.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    '%s is one of the public internet',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe('a target', () => {
  /** What becomes of a message to a URL whose settings do not allow private addresses. */
  async function sendTo(kind: string, url: string, more: Record<string, unknown> = {}) {
    const target =
      kind === 'email' ? { smtp: url, from: 'a@example.org', to: ['b@example.org'] } : { url, ...(kind === 'webhook' && { secret: 's' }) };
    const channel = createChannel(channelSettings.parse({ [kind]: { ...target, timeout: '2s', ...more } }), systemClock);
    onTestFinished(() => channel.close?.());
    return channel.send(message(), never);
  }
  const refused = { result: 'refused', reason: expect.stringContaining('allowPrivate: true') };

  test.each([
    'https://127.0.0.1:PORT/',
    'https://2130706433:PORT/',
    'https://0x7f.1:PORT/',
    'https://[::ffff:127.0.0.1]:PORT/',
    'https://localhost:PORT/',
    'https://LOCALHOST:PORT/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00:ec2::254]/latest',
    'https://0.0.0.0:PORT/',
  ])('at %s is not connected to without allowPrivate', async (written) => {
    const peer = await receiver();
    const url = written.replace('PORT', String(peer.port));
    expect(await sendTo('webhook', url)).toEqual(refused);
    expect(await sendTo('slack', url)).toEqual(refused);
    expect(peer.connections).toBe(0);
  });

  test.each(['smtp://127.0.0.1:PORT', 'smtp://localhost:PORT', 'smtp://0x7f000001:PORT', 'smtps://[::1]:PORT', 'smtp://10.0.0.1'])(
    'at %s is sent no mail without allowPrivate',
    async (written) => {
      const peer = await receiver();
      expect(await sendTo('email', written.replace('PORT', String(peer.port)))).toEqual(refused);
      expect(peer.connections).toBe(0);
    },
  );

  test('is connected to where allowPrivate says so', async () => {
    const peer = await receiver();
    expect(await sendTo('webhook', `https://127.0.0.1:${peer.port}/`, { allowPrivate: true })).toMatchObject({ result: 'later' });
    expect(await sendTo('webhook', `http://localhost:${peer.port}/`, { allowPrivate: true })).toMatchObject({ result: 'delivered' });
    expect(peer.connections).toBe(2);
  });

  test('on a public address is never spoken to in the clear', async () => {
    const reason = expect.stringContaining('nothing is sent there without TLS');
    expect(await sendTo('webhook', 'http://1.1.1.1/', { allowPrivate: true })).toEqual({ result: 'refused', reason });
    expect(await sendTo('email', 'smtp://1.1.1.1', { allowPrivate: true, requireTls: false })).toEqual({ result: 'refused', reason });
  });

  test('is connected to by one of the addresses that were judged, whichever form Node asks for', async () => {
    const found = await new Promise((resolve) => {
      guardedLookup({ allowPrivate: true, secure: true })('localhost', {}, (error, address) => resolve([error, address]));
    });
    expect(found).toEqual([null, expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]);
    const unknown = await new Promise((resolve) => {
      guardedLookup({ allowPrivate: true, secure: true })('nowhere.invalid', { all: true }, (error) => resolve(error?.code));
    });
    expect(unknown).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });
});
