import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { type CallOptions, call, textOf } from '../e2e/call.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { type SidecarProcess, startProcess } from '../life/sidecar-process.ts';

/** A sidecar with several workers, each with a connection of its own to it. */
export interface Workers extends SidecarProcess {
  /** One connection to each worker, by its number. */
  readonly clients: readonly Client[];
  readonly state: string;
}

/** A connection that is kept, and thereby stays with one worker. */
export interface Client {
  get(path?: string, options?: Omit<CallOptions, 'agent'>): Promise<Got>;
}

interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

/** Starts a sidecar with this many workers and connects to each of them. */
export async function startWorkers(config: Record<string, unknown>, { workers = 2, state = temporaryDirectory() } = {}): Promise<Workers> {
  const whole = { state: { dir: state }, telemetry: { log: { access: true } }, ...config };
  const sidecar = await startProcess(whole, { flags: ['--workers', String(workers)] });
  return { ...sidecar, state, clients: await clientsOf(sidecar, workers) };
}

/** A connection to each of that many workers. Sends a call to `/` over each. */
export async function clientsOf(sidecar: SidecarProcess, workers: number): Promise<Client[]> {
  const byWorker = new Map<number, Client>();
  while (byWorker.size < workers) {
    const client = connect(sidecar.proxy);
    const { headers } = await client.get('/');
    byWorker.set(await workerOf(sidecar, String(headers['x-outrigger-id'])), client);
  }
  return Array.from({ length: workers }, (_, worker) => byWorker.get(worker)!);
}

/** A connection to whichever worker gets it. */
function connect(origin: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return {
    async get(path = '/', options = {}) {
      const response = await call(origin + path, { ...options, agent });
      return { status: response.statusCode ?? 0, text: await textOf(response), headers: response.headers };
    },
  };
}

/** Which worker has logged the call with this id. */
async function workerOf(sidecar: SidecarProcess, id: string): Promise<number> {
  const lines = () =>
    sidecar
      .output()
      .split('\n')
      .filter((one) => one.includes(id) && one.endsWith('}'));
  await eventually('the call is logged', () => lines().length > 0);
  return (JSON.parse(lines()[0]!) as { worker: number }).worker;
}

/** What the admin port says to a request, as JSON or text. */
export async function admin(sidecar: SidecarProcess, path: string, body?: unknown): Promise<string> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return (await fetch(sidecar.admin + path, body === undefined ? {} : post)).text();
}

/** Process ids of the workers. */
export function workerPids({ child: { pid } }: SidecarProcess): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}
