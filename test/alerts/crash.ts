import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Message } from '../../src/alerts/channel.ts';
import { listening } from '../kit/listening.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

export interface CrashRun {
  /** Records that a child said were on disk, as `kind id`. */
  readonly stored: ReadonlySet<string>;
  /** What the receiver got, in order, duplicates too. */
  readonly received: readonly Message[];
  /** Kills that came while a message was on its way. */
  readonly midway: number;
}

/** Kills a process that opens incidents and sends messages, so many times, each at a random moment; the last one may finish. */
export async function crash(rounds: number): Promise<CrashRun> {
  const directory = temporaryDirectory();
  const received: Message[] = [];
  let underway = 0;
  const server = createServer((request, response) => {
    let body = '';
    underway += 1;
    response.on('close', () => {
      underway -= 1;
    });
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      received.push(JSON.parse(body) as Message);
      setTimeout(() => response.end('ok'), Math.random() * 30);
    });
  });
  const url = `http://127.0.0.1:${await listening(server)}/`;

  const stored = new Set<string>();
  let midway = 0;
  const run = async (round: number, incidents: number, killMs: number) => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'crash-child.ts'), join(directory, 'state.db'), url, `r${round}`, String(incidents)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (incidents > 0 && !timer) timer = setTimeout(kill, killMs);
    });
    const kill = () => {
      if (underway > 0) midway += 1;
      child.kill('SIGKILL');
    };
    // From the beginning on: before, there is nothing to lose.
    let timer: NodeJS.Timeout | undefined;
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    if (incidents === 0 && code !== 0) throw new Error(`the last child ended with ${code}`);
    // A line that was cut off said nothing.
    for (const line of text.split('\n').slice(0, -1)) stored.add(line);
  };
  for (let round = 0; round < rounds; round++) await run(round, 15, Math.random() * 300);
  await run(rounds, 0, 0);
  return { stored, received, midway };
}
