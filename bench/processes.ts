import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The kernel counts CPU time in steps of this length. */
const tickUs = 10_000;

/** CPU time that a process has used, in microseconds, threads that have ended included. */
export function processCpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name, in parentheses, may contain anything; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickUs;
}

/** CPU time that the whole machine has spent working or lost to its host, in microseconds. */
export function machineCpuUs(): number {
  const line = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) * tickUs;
}

/** Resident memory of a process in kilobytes (of 1024 bytes). */
export function residentKilobytes(pid: number): number {
  return statusKilobytes(pid, 'VmRSS');
}

/** The most that a process has ever had resident, in kilobytes (of 1024 bytes). */
export function peakKilobytes(pid: number): number {
  return statusKilobytes(pid, 'VmHWM');
}

function statusKilobytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no ${field}`);
  return Number(kilobytes);
}

const started = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** Starts Node pinned to one core. It is killed when this process exits, however that comes about. */
export function startPinned(core: number, args: string[], env: Record<string, string> = {}): ChildProcess & { pid: number } {
  const child = spawn('taskset', ['-c', String(core), process.execPath, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) throw new Error('cannot start taskset (util-linux); the benchmark needs Linux');
  started.add(child);
  child.once('exit', () => started.delete(child));
  return Object.assign(child, { pid: child.pid });
}
