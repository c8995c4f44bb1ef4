import { z } from 'zod';
import type { KeptRelease } from './releases.ts';

const stored = z.object({
  agent: z.string(),
  principal: z.string(),
  loops: z.array(z.object({ fingerprint: z.string(), lastRound: z.number() })),
  note: z.string().exactOptional(),
});

/** The release of an agent that was kept as JSON; undefined where it is something else. */
export function releaseFrom(value: unknown): KeptRelease | undefined {
  return stored.safeParse(value).data;
}
