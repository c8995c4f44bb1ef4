import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const run = z.object({
  id: z.string(),
  source: z.string(),
  model: z.string(),
  steps: z.array(z.object({ thought: z.string().nullish(), action: z.string(), result: z.string(), reward: z.number().nullish() })),
  mech_label: z.object({
    label: z.enum(['clean', 'loop', 'ambiguous']),
    kind: z.string().nullish(),
    /** Index of the first step of the loop. */
    start: z.number().nullish(),
    len: z.number().nullish(),
  }),
});

/** A recorded run of an agent: its actions with their results, and whether it is held to have gone in circles. */
export type Trajectory = z.output<typeof run>;

/** The runs in the `*.jsonl` files of a directory, by the file's name. Throws where a line is none, with its place. */
export function readTrajectories(directory: string): Map<string, Trajectory[]> {
  const files = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  return new Map(
    files
      .sort()
      .map((file) => [file.replace(/\.jsonl$/, ''), readFileSync(join(directory, file), 'utf8')])
      .map(parse),
  );
}

function parse([name = '', text = '']: string[]): [string, Trajectory[]] {
  const runs: Trajectory[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    try {
      runs.push(run.parse(JSON.parse(line)));
    } catch (error) {
      throw new Error(`${name}.jsonl:${index + 1}: no run of an agent`, { cause: error });
    }
  }
  return [name, runs];
}
