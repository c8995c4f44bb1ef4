import type { RawHeaders } from '../../core/headers.ts';

/** All values of a field as one lower-cased list (RFC 9110, 5.3); empty where it is missing. */
export function listOf(headers: RawHeaders, name: string): string {
  let list = '';
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] as string).toLowerCase() === name) list += `${list === '' ? '' : ','}${headers[i + 1]}`;
  }
  return list.toLowerCase();
}

/** The whole seconds of a directive such as `max-age`, as milliseconds; the smallest where it stands more than once. */
export function directiveMs(list: string, name: string): number | undefined {
  let smallest: number | undefined;
  for (const part of list.split(',')) {
    const [directive = '', value = ''] = part.split('=');
    if (directive.trim() !== name) continue;
    const seconds = /^\s*"?(\d+)"?\s*$/.exec(value)?.[1];
    // What cannot be read promises nothing.
    const ms = seconds === undefined ? 0 : Number(seconds) * 1000;
    smallest = Math.min(smallest ?? ms, ms);
  }
  return smallest;
}

/** Whether the caller forbids that anything of the call is kept. */
export function forbidsStoring(request: RawHeaders): boolean {
  return listOf(request, 'cache-control').includes('no-store');
}

/** Whether the caller insists on an answer of the upstream, or on one of an age that it chooses itself. */
export function insistsOnUpstream(request: RawHeaders): boolean {
  const control = listOf(request, 'cache-control');
  return /no-store|no-cache|max-age|min-fresh/.test(control) || (control === '' && listOf(request, 'pragma').includes('no-cache'));
}
