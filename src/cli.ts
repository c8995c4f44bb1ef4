import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AskError, type AskOptions } from './ask-sidecar.ts';
import { pauseAgent, resumeAgent, showAgents } from './cli-agents.ts';
import { tryChannel } from './cli-alert.ts';
import { findConfig } from './config/find-config.ts';
import { configJsonSchema } from './config/json-schema.ts';
import { type ConfigRequest, type LoadedConfig, type LoadResult, loadConfig } from './config/load.ts';
import { loadAgain } from './config/load-again.ts';
import { ConfigError, formatProblem, type Problem } from './config/problem.ts';
import type { Environment } from './config/substitute.ts';
import { didYouMean } from './config/suggest.ts';
import type { DemoOptions } from './demo.ts';
import { explainStartFailure } from './explain-start-failure.ts';
import { duration } from './settings/units.ts';

export interface StartOptions {
  /** Reads the configuration again, from the same place and under the same flags. */
  readonly reload: () => LoadResult;
  /** Processes that serve calls; with 1 it is this one. */
  readonly workers: number;
}

/** What the command line reaches the world by. */
export interface CliContext {
  /** Runs the sidecar until it has stopped; resolves to the exit code. */
  readonly start: (loaded: LoadedConfig, options: StartOptions) => Promise<number>;
  /** Runs the demo until its time is over or it is stopped; resolves to the exit code. */
  readonly demo: (options: DemoOptions) => Promise<number>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly cwd: string;
}

export interface Output {
  write(text: string): unknown;
}

const help = `Usage: outrigger [COMMAND] [OPTIONS]

Commands:
  start           run the sidecar in the foreground (the default)
  check           say what is wrong with the configuration, and what in it does nothing
  schema          print the JSON Schema of the configuration
  demo            run it all with simulated agents and a simulated provider that fails now and then; needs no API key
  agents          show the agents that have called a running sidecar
  pause AGENT     stop an agent: its calls are refused until somebody lets it go on
  resume AGENT    let a paused agent go on
  alert test CHANNEL  send a test message, and tell what the other side said

Options of start:
  --config FILE       the configuration; else $OUTRIGGER_CONFIG, ./outrigger.yaml, or the one that comes along
  --upstream URL      no configuration: send everything to this URL, under the default policies
  --listen HOST:PORT  where agents connect to (127.0.0.1:4141)
  --admin HOST:PORT   where the admin port listens (127.0.0.1:4142)
  --workers N         serve calls in N processes, for more than one processor; 1 unless given

Options of demo:
  --for DURATION      end by itself after that long, such as 10m; else it runs until it is stopped
  --listen, --admin   as above

Options of check and alert test:
  --config FILE       as above

Options of agents, pause and resume:
  --admin HOST:PORT   the admin port of the sidecar (127.0.0.1:4142); its token, if it has one, in $OUTRIGGER_ADMIN_TOKEN
  --reason TEXT       why an agent is paused; it is told so
  --note TEXT         told to the model of a resumed agent, once

  -h, --help          print this
  -v, --version       print the version

Exit codes: 0 fine, 1 configuration or start-up error, 2 wrong usage.
`;

const options = {
  config: { type: 'string' },
  upstream: { type: 'string' },
  listen: { type: 'string' },
  admin: { type: 'string' },
  workers: { type: 'string' },
  for: { type: 'string' },
  reason: { type: 'string' },
  note: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

type Flag = Exclude<keyof typeof options, 'help' | 'version'>;
type Flags = Partial<Record<Flag, string>>;

interface Command {
  readonly flags: readonly Flag[];
  /** What it takes behind its name. */
  readonly argument?: string;
  readonly run: (flags: Flags, context: CliContext, argument: string) => number | Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  start: { flags: ['config', 'upstream', 'listen', 'admin', 'workers'], run: start },
  check: { flags: ['config'], run: check },
  schema: { flags: [], run: schema },
  demo: { flags: ['for', 'listen', 'admin'], run: demo },
  agents: { flags: ['admin'], run: (flags, context) => ask(showAgents(askOptions(flags, context)), context) },
  pause: {
    flags: ['admin', 'reason'],
    argument: 'the id or the name of an agent',
    run: (flags, context, agent) => ask(pauseAgent(agent, flags.reason, askOptions(flags, context)), context),
  },
  resume: {
    flags: ['admin', 'note'],
    argument: 'the id or the name of an agent',
    run: (flags, context, agent) => ask(resumeAgent(agent, flags.note, askOptions(flags, context)), context),
  },
  'alert test': { flags: ['config'], argument: 'the name of a channel in alerts.channels', run: testAlert },
};

/** Runs the command that the arguments name (without node and script) and resolves to the exit code: 0 fine, 1 error, 2 wrong usage. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    // What follows tells of arguments that begin with a dash, which no command takes.
    return wrongUsage(
      (error instanceof Error ? error.message : String(error)).replace(/ To specify a positional argument .*/s, ''),
      context,
    );
  }
  const { help: wantsHelp, version, ...flags } = parsed.values;
  if (wantsHelp) context.stdout.write(help);
  else if (version) context.stdout.write(`outrigger ${packageVersion()}\n`);
  if (wantsHelp || version) return 0;

  const { name, rest } = commandIn(parsed.positionals);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) return wrongUsage(`there is no command ${JSON.stringify(name)}${didYouMean(name, Object.keys(commands))}`, context);
  const argument = command.argument === undefined ? '' : rest.shift();
  if (argument === undefined) return wrongUsage(`${name} needs ${command.argument}`, context);
  const [extra] = rest;
  if (extra !== undefined) return wrongUsage(`${name} takes no argument ${JSON.stringify(extra)}`, context);
  const foreign = Object.keys(flags).find((flag) => !command.flags.some((known) => known === flag));
  if (foreign !== undefined) return wrongUsage(`${name} takes no option --${foreign}`, context);
  if (flags.config !== undefined && flags.upstream !== undefined) return wrongUsage('--upstream takes the place of --config', context);
  return command.run(flags, context, argument);
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
}

/** The name of a command is one word, or two where the first one is a subject. */
function commandIn([first = 'start', ...others]: readonly string[]): { name: string; rest: string[] } {
  const [second, ...rest] = others;
  return first === 'alert' && second !== undefined ? { name: `${first} ${second}`, rest } : { name: first, rest: others };
}

/** Each has memory of its own: more than a machine has processors are of no use. */
const mostWorkers = 64;

async function start(flags: Flags, context: CliContext): Promise<number> {
  const workers = flags.workers === undefined ? 1 : /^[1-9]\d{0,3}$/.test(flags.workers) ? Number(flags.workers) : 0;
  if (workers < 1 || workers > mostWorkers) {
    return wrongUsage(`--workers takes a number from 1 to ${mostWorkers}, and not ${JSON.stringify(flags.workers)}`, context);
  }
  if (context.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    context.stderr.write(
      'outrigger: NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody pose as an upstream and read the keys sent to it; unset it, and trust a private authority by upstreams.NAME.tls.ca\n',
    );
    return 1;
  }
  const { env, cwd } = context;
  // Found once: while the file is away for a moment, no other takes its place.
  const config = flags.upstream === undefined ? findConfig(flags.config, env, cwd).shown : undefined;
  const request = { ...requestOf(flags, context), config };
  const loaded = loadConfig(request);
  if (!loaded.ok) return tellProblems(loaded.problems, context);
  return untilOver(context.start(loaded, { reload: () => loadAgain(request, loaded.files), workers }), context, loaded.config.admin.listen);
}

async function demo({ listen, admin, for: forText }: Flags, context: CliContext): Promise<number> {
  const parsed = duration.optional().safeParse(forText);
  if (!parsed.success || parsed.data === 0) return wrongUsage('--for takes a duration such as 30s or 10m', context);
  return untilOver(context.demo({ listen, admin, forMs: parsed.data, environment: context.env }), context, admin);
}

/** The exit code of what runs for long, or of its failure to start. */
async function untilOver(running: Promise<number>, context: CliContext, adminListen: string | undefined): Promise<number> {
  try {
    return await running;
  } catch (error) {
    if (error instanceof ConfigError) return tellProblems(error.problems, context);
    // An address in use or not ours, a file that cannot be read.
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    context.stderr.write(`outrigger: ${explainStartFailure(error, adminListen)}\n`);
    return 1;
  }
}

function check(flags: Flags, context: CliContext): number {
  const loaded = loadConfig(requestOf(flags, context));
  if (!loaded.ok) return tellProblems(loaded.problems, context);
  for (const warning of loaded.warnings) context.stdout.write(`${formatProblem({ ...warning, message: `warning: ${warning.message}` })}\n`);
  context.stdout.write(`OK${loaded.file === undefined ? '' : ` ${loaded.file}`}\n`);
  return 0;
}

async function testAlert(flags: Flags, context: CliContext, channel: string): Promise<number> {
  const loaded = loadConfig(requestOf(flags, context));
  if (!loaded.ok) return tellProblems(loaded.problems, context);
  const { text, code } = await tryChannel(channel, loaded.config);
  (code === 0 ? context.stdout : context.stderr).write(text);
  return code;
}

function schema(_flags: Flags, context: CliContext): number {
  context.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return 0;
}

function askOptions({ admin }: Flags, { env }: CliContext): AskOptions {
  return { admin, env };
}

/** Prints what a running sidecar has answered. */
async function ask(answer: Promise<string>, { stdout, stderr }: CliContext): Promise<number> {
  try {
    stdout.write(await answer);
    return 0;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    stderr.write(`outrigger: ${error.message}\n`);
    return 1;
  }
}

function requestOf(flags: Flags, { env, cwd }: CliContext): ConfigRequest {
  const { config, upstream, listen, admin } = flags;
  return { config, upstream, listen, admin, environment: env, directory: cwd };
}

function tellProblems(problems: readonly Problem[], context: CliContext): number {
  for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
  context.stderr.write(`outrigger: ${problems.length === 1 ? '1 problem' : `${problems.length} problems`} in the configuration\n`);
  return 1;
}

function wrongUsage(message: string, context: CliContext): number {
  context.stderr.write(`outrigger: ${message}\n\n${help}`);
  return 2;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}
