import type { ServerResponse } from 'node:http';
import { type Clock, sleep } from '../core/clock.ts';
import type { Script } from './script.ts';

/** Gives the answer. Resolves when it has been given or nobody waits for it any longer; never rejects. */
export async function playScript(script: Script, response: ServerResponse, clock: Clock): Promise<void> {
  const left = new AbortController();
  response.on('close', () => left.abort());
  const wait = async (delayMs: number) => delayMs === 0 || (await sleep(clock, delayMs, left.signal));
  if (!(await wait(script.headMs))) return;
  if (script.end === 'reset') {
    response.destroy();
    return;
  }
  response.writeHead(script.status, [...script.headers]);
  for (const [at, chunk] of script.chunks.entries()) {
    if (at > 0 && !(await wait(at === 1 ? script.firstMs : script.betweenMs))) return;
    response.write(chunk);
  }
  if (script.end === 'whole') response.end();
  // What was written goes out first.
  else if (script.end === 'cut' && (await sleep(clock, 5, left.signal))) response.destroy();
}
