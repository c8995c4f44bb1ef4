import { z } from 'zod';

/** A moment such as `2026-12-01T12:00:00Z`; read as milliseconds since the Unix epoch. */
export const instant = z.iso
  .datetime({ offset: true, error: 'expected a time such as 2026-12-01T12:00:00Z or 2026-12-01T13:00:00+01:00' })
  .transform((text) => Date.parse(text));

/** The moment as it may be written in a configuration, in UTC. */
export function formatInstant(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('.000Z', 'Z');
}
