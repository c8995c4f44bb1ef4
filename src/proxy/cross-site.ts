import { headerValue, type RawHeaders } from '../core/headers.ts';
import { isLoopback } from '../settings/address.ts';

/** Whether the host of a URL means this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * Whether a browser sent the request on behalf of another site: a page anywhere can make a visitor's browser call
 * localhost. Pages served from this machine, and programs that are no browsers, pass.
 */
export function isCrossSite(headers: RawHeaders): boolean {
  if (headerValue(headers, 'sec-fetch-site')?.trim().toLowerCase() === 'cross-site') return true;
  const origin = headerValue(headers, 'origin');
  if (origin === undefined) return false;
  const from = URL.parse(origin);
  if (!from || from.hostname === '') return true;
  if (isLoopbackHost(from.hostname)) return false;
  const host = URL.parse(`http://${headerValue(headers, 'host') ?? ''}`);
  return host?.hostname !== from.hostname;
}
