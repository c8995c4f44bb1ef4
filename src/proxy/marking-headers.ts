import type { CallRecord } from './call-record.ts';

/** Our own fields on the answer of a call whose head goes out `ms` after its start. */
export function markingHeaders(record: CallRecord, ms: number): string[] {
  const own = record.overheadMs(ms);
  const ledger = record.ledger();
  const headers = ['x-outrigger-id', record.id];
  if (ledger !== '') headers.push('x-outrigger-attempts', ledger);
  headers.push('server-timing', `upstream;dur=${tenths(ms - own)}, outrigger;dur=${tenths(own)}`);
  return headers;
}

/** As many digits as tell something. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
