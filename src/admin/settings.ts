import { z } from 'zod';
import { address, isLoopback, splitAddress } from '../settings/address.ts';

/** A name or address that the admin port may be called by: with a port only by that port, without one by any. */
const host = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]/@]+)(:\d{1,5})?$/, 'expected a host such as outrigger or outrigger:4142');

/** How the admin port is reached from outside, such as by a reverse proxy that speaks TLS. Links in alerts begin with it. */
export const publicUrl = z.url({ protocol: /^https?$/, error: 'expected a URL such as https://outrigger.example.org' }).refine((text) => {
  const url = URL.parse(text);
  return url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}, 'expected a URL without credentials, query and fragment');

export const adminSettings = z
  .strictObject({
    listen: address.default('127.0.0.1:4142'),
    /** Needed for `/` and `/api` as `Authorization: Bearer …`, or as the password that a browser asks for. */
    token: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'expected a token of visible ASCII characters, without spaces')
      .optional(),
    /** Hosts to be called by, beside loopback. */
    hosts: z.array(host).default([]),
    publicUrl: publicUrl.optional(),
  })
  .refine(isGuarded, { path: ['token'], error: 'an admin address that is not loopback needs a token' });

export type AdminSettings = z.output<typeof adminSettings>;

/** Whether only this machine reaches the port, or a token stands before it. */
export function isGuarded({ listen, token }: { listen: string; token?: string | undefined }): boolean {
  return token !== undefined || isLoopback(splitAddress(listen).host);
}
