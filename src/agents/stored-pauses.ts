import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { loopKinds } from '../core/event.ts';
import type { Pause } from './pauses.ts';

const stored = z.object({
  agent: z.string(),
  principal: z.string(),
  reason: z.string(),
  by: z.enum(['loop', 'person']),
  sinceMs: z.number(),
  evidence: z
    .object({
      kind: z.enum(loopKinds),
      count: z.number(),
      tool: z.string(),
      firstRound: z.number(),
      lastRound: z.number(),
      fingerprint: z.string(),
    })
    .exactOptional(),
});

const file = z.object({ version: z.literal(1), pauses: z.array(stored) });

/** A pause that was kept as JSON; undefined where it is something else. */
export function pauseFrom(value: unknown): Pause | undefined {
  return stored.safeParse(value).data;
}

/** The pauses in a file of an earlier version; none where there is no file. Throws where it is there and cannot be read. */
export function pausesInFile(path: string): readonly Pause[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return file.parse(JSON.parse(text)).pauses;
}
