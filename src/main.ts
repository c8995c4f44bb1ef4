import { type CliContext, runCli, type StartOptions } from './cli.ts';
import type { LoadedConfig } from './config/load.ts';
import { formatPlace } from './config/problem.ts';
import { watchConfig } from './config/watch-config.ts';
import { systemClock } from './core/clock.ts';
import { giveBackMemory } from './give-back-memory.ts';
import { hasTerminal } from './has-terminal.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';
import { createLog } from './telemetry/log.ts';

/** What npm passes on comes sooner after the signal itself, and what a person does comes later. */
const echoMs = 400;

/** The program: runs the command that the arguments name and resolves to the exit code. */
export function main(argv: readonly string[]): Promise<number> {
  // Who reads what a command prints may have read enough, as `head` has.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return runCli(argv, { start: run, demo, stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: process.cwd() });
}

/** Only who asks for the demo loads it. */
const demo: CliContext['demo'] = async (...given) => (await import('./run-demo.ts')).runDemo(...given);

/** Runs the sidecar until a signal or a bug ends it. Follows its configuration meanwhile. */
async function run(loaded: LoadedConfig, { reload, workers }: StartOptions): Promise<number> {
  const inTerminal = hasTerminal();
  const log = await createLog(loaded.config.telemetry.log);
  const sidecar = await startSidecar(loaded, log, workers);
  for (const warning of loaded.warnings) log.logger.warn({ where: formatPlace(warning) }, warning.message);
  const watcher = watchConfig({
    files: loaded.files,
    clock: systemClock,
    reload() {
      const result = reload();
      sidecar.reload(result);
      return result.files;
    },
  });

  const { promise: over, resolve: end } = Promise.withResolvers<number>();
  let stopping = false;
  const stop = (code: number) => {
    const now = stopping;
    stopping = true;
    watcher.close();
    // A second signal does not wait for calls under way.
    (now ? sidecar.kill() : sidecar.stop()).then(
      () => end(code),
      () => end(1),
    );
  };
  let signalledAtMs = Number.NEGATIVE_INFINITY;
  const onSignal = () => {
    const sinceMs = performance.now() - signalledAtMs;
    signalledAtMs = performance.now();
    // npm passes a signal on to the script that it runs, also one that a terminal has sent to both.
    if (process.env['npm_lifecycle_event'] === 'start' && sinceMs < echoMs) return;
    stop(0);
  };
  const onHangUp = () => {
    if (stopping) return;
    // The sign to read the configuration again is also what comes, once or more often, when a terminal is closed.
    if (inTerminal && !hasTerminal()) stop(0);
    else watcher.reload();
  };
  const onBug = (error: unknown) => {
    log.logger.fatal({ err: error }, 'an error that nobody caught: draining, then exiting');
    stop(1);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', onHangUp);
  process.on('uncaughtException', onBug).on('unhandledRejection', onBug);
  giveBackMemory();
  // Who has read it may send signals.
  process.stderr.write(welcome(loaded, sidecar));
  const code = await over;
  log.flush();
  return code;
}

/** Tells a person where to point a base URL. */
function welcome({ config, file }: LoadedConfig, { proxy, admin }: Sidecar): string {
  const scheme = config.listen.cert === undefined ? 'http' : 'https';
  const origin = `${scheme}://${authority(proxy)}`;
  const width = Math.max(...config.routes.map(({ path }) => path.length));
  const routes = config.routes.map(({ path, upstream }) => {
    const { url } = config.upstreams[upstream] ?? { url: '' };
    return `  ${(origin + (path === '/' ? '' : path)).padEnd(origin.length + width)}  to ${upstream} (${url === 'simulated:' ? 'built in' : url})\n`;
  });
  return `Outrigger is running${file === undefined ? '' : ` on ${file}`}. Point a base URL at one of:\n${routes.join('')}Metrics, health and API: http://${authority(admin)}\n`;
}

function authority({ host, port }: { host: string; port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
