import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadResult, loadConfigText } from './config/load.ts';
import type { Environment } from './config/substitute.ts';
import { systemClock } from './core/clock.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';
import { runAgents } from './simulated/agents/run-agents.ts';
import { demoConfig } from './simulated/demo-config.ts';
import { demoPager, demoUpstreams } from './simulated/demo-upstreams.ts';
import { startSimulatedServer } from './simulated/server.ts';
import type { Log } from './telemetry/log.ts';

export interface DemoOptions {
  /** HOST:PORT, in place of the sidecar's own defaults. */
  readonly listen?: string | undefined;
  readonly admin?: string | undefined;
  /** How long it runs; until it is stopped, unless set. */
  readonly forMs?: number | undefined;
  readonly environment: Environment;
}

/** The demo, running. */
export interface Demo {
  /** Addresses of the sidecar and of its admin port, as `http://HOST:PORT`. */
  readonly proxy: string;
  readonly admin: string;
  /** Ends all of it and leaves nothing behind. */
  stop(): Promise<void>;
}

/** Faults of the servers and doings of the agents are the same in each run, as far as their timing is. */
const seed = 20_261;

/** The configuration is changed that often: faults of the sidecar's own come and go. */
const gameDayMs = 10_000;
const yearMs = 31_536_000_000;

/**
 * Starts servers that fail now and then, a sidecar in front of them, and agents that call it. Throws a `ConfigError` where
 * an address is no address, and what the system says where one cannot be had.
 */
export async function startDemo({ listen, admin, environment }: DemoOptions, log?: Log): Promise<Demo> {
  const server = await startSimulatedServer({ upstreams: { ...demoUpstreams, pager: demoPager }, seed, clock: systemClock });
  const directory = mkdtempSync(join(tmpdir(), 'outrigger-demo-'));
  const leave = async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  };
  const until = new Date(systemClock.wall() + yearMs).toISOString();
  const adminToken = environment['OUTRIGGER_ADMIN_TOKEN'];
  const smtp = environment['OUTRIGGER_DEMO_SMTP'];
  const load = (gameDay: boolean) => {
    const config = demoConfig({ url: server.url, stateDir: directory, adminToken, smtp, gameDay, until });
    return loadConfigText(JSON.stringify(config), { listen, admin, environment: {}, directory });
  };
  let sidecar: Sidecar;
  try {
    sidecar = await startSidecar(load(true), log);
  } catch (error) {
    await leave();
    throw error;
  }

  let gameDay = true;
  const gameDays = setInterval(() => {
    gameDay = !gameDay;
    const changed: LoadResult = { ok: true, ...load(gameDay) };
    sidecar.reload(changed);
  }, gameDayMs);
  const stopping = new AbortController();
  const world = { proxy: originOf(sidecar.proxy), admin: originOf(sidecar.admin), adminToken, clock: systemClock, signal: stopping.signal };
  const agents = runAgents(world, seed);
  return {
    proxy: world.proxy,
    admin: world.admin,
    async stop() {
      clearInterval(gameDays);
      stopping.abort();
      await agents;
      await sidecar.stop();
      await leave();
    },
  };
}

/** Where a program on this machine reaches an address: one of all interfaces is no place to connect to. */
function originOf({ host, port }: Sidecar['proxy']): string {
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`;
}
