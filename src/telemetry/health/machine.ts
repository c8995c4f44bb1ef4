import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** What this process takes of its machine, as shares from 0 to 1; undefined where it cannot be known. */
export interface MachineReading {
  /** Of one processor, or of what the container may use of one, over the last minute. */
  readonly cpu: number | undefined;
  /** Of the container's limit, or else of the machine's memory. */
  readonly memory: number;
  /** The disk of the state directory. */
  readonly disk: { readonly freeBytes: number; readonly sizeBytes: number } | undefined;
  /** How late the event loop comes to its work, in milliseconds (p99 of the last minute). */
  readonly loopLagMs: number;
  /** Share of its time that the event loop is busy. */
  readonly loopUtilization: number;
}

/** Reads the machine. */
export interface Machine {
  /** Once a second: takes the sample that `read` speaks of. */
  sample(): void;
  read(): MachineReading;
  close(): void;
}

const resolutionMs = 20;
const cpuSamples = 60;
/** The start of the process is busy and says nothing. */
const fewestSamples = 10;
/** The disk is looked at, and the delays are begun anew, every so many samples. */
const samplesApart = 30;

/** The machine that this process runs on; the disk is that of the directory, or of what would hold it. */
export function createMachine(directory: string): Machine {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const memoryLimit = memoryLimitBytes();
  const processors = Math.min(1, cgroupProcessors() ?? 1);
  const cpu: { readonly atMs: number; readonly usedMs: number }[] = [];
  let busyBefore: EventLoopUtilization = performance.eventLoopUtilization();
  let loopUtilization = 0;
  let lagBeforeMs = 0;
  let disk: MachineReading['disk'];
  let samples = 0;

  const lookAtDisk = async () => {
    try {
      const { bavail, blocks, bsize } = await statfs(existing(directory));
      disk = { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
    } catch {
      disk = undefined;
    }
  };
  const lagMs = () => Math.max(0, (delays.count > 0 ? delays.percentile(99) / 1_000_000 : 0) - resolutionMs);

  return {
    sample() {
      const { user, system } = process.cpuUsage();
      cpu.push({ atMs: performance.now(), usedMs: (user + system) / 1000 });
      if (cpu.length > cpuSamples) cpu.shift();
      const busy = performance.eventLoopUtilization();
      loopUtilization = performance.eventLoopUtilization(busy, busyBefore).utilization;
      busyBefore = busy;
      if (samples % samplesApart === 0) {
        void lookAtDisk();
        lagBeforeMs = lagMs();
        delays.reset();
      }
      samples += 1;
    },
    read() {
      const [first] = cpu;
      const last = cpu.at(-1);
      const elapsedMs = first && last ? last.atMs - first.atMs : 0;
      return {
        cpu: first && last && cpu.length >= fewestSamples ? (last.usedMs - first.usedMs) / elapsedMs / processors : undefined,
        memory: process.memoryUsage.rss() / memoryLimit,
        disk,
        loopLagMs: Math.max(lagBeforeMs, lagMs()),
        loopUtilization,
      };
    },
    close: () => delays.disable(),
  };
}

/** The nearest directory above that is there. */
function existing(directory: string): string {
  const path = resolve(directory);
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

/** Of the cgroup, where that is below the machine's memory. */
function memoryLimitBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Processors that a quota of cgroup v2 allows for; undefined without one. */
function cgroupProcessors(): number | undefined {
  try {
    const [quota = '', period = ''] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').trim().split(' ');
    const processors = Number(quota) / Number(period);
    return processors > 0 ? processors : undefined;
  } catch {
    return undefined;
  }
}
