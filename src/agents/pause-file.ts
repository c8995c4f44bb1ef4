import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { loopKinds } from '../core/event.ts';
import type { Pause } from './pauses.ts';

const file = z.object({
  version: z.literal(1),
  pauses: z.array(
    z.object({
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
    }),
  ),
});

/** The pauses that a file holds; none where there is no file. Throws where it is there and cannot be read. */
export function readPauses(path: string): Pause[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return file.parse(JSON.parse(text)).pauses;
}

/** Writes the pauses beside the file and puts them in its place: whoever reads it finds the old ones or the new ones whole. */
export function writePauses(path: string, pauses: readonly Pause[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.new`;
  writeFileSync(beside, `${JSON.stringify({ version: 1, pauses }, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(beside, path);
}
