/** `npm run eval:load`: what the check of a request costs in memory and in time, with many conversations at once. */
import { parseArgs } from 'node:util';
import { judgeRounds } from '../src/agents/loops/judge-rounds.ts';
import type { ToolRules } from '../src/agents/loops/round-reader.ts';
import { Threads } from '../src/agents/threads.ts';
import type { Call } from '../src/core/dialect.ts';
import { readConversation } from '../src/llm/conversation/read-conversation.ts';
import { loopDetectionSettings } from '../src/settings/loop-detection.ts';
import { type BodyFormat, bodyFormats, describeBody } from './bodies.ts';

const usage = `node --expose-gc eval/load.ts [--sessions N] [--rounds N]
  --sessions  conversations at once (10000)
  --rounds    rounds of each (200)`;

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '200' } } });
const sessions = Number(values.sessions);
const rounds = Number(values.rounds);
const { gc } = globalThis;
if (!gc || !(sessions > 0) || !(rounds > 0)) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}

const settings = loopDetectionSettings.parse({});
const rules: ToolRules = { ignoredArguments: new Set(), pollTools: new Set(), exemptTools: new Set() };
const request = { method: 'POST', path: '/', headers: [] };
const origin = { principal: 'load', session: undefined, clientSession: undefined };
const line = 'a line of what a tool has found in a file; ';

/** The steps of a run, each with another result of so many characters. */
function steps(run: number, count: number, resultLength: number) {
  return Array.from({ length: count }, (_, at) => ({
    action: `grep -n word${at} file${run}.ts`,
    result: `${run} ${at} ${line.repeat(resultLength / line.length + 1)}`.slice(0, resultLength),
  }));
}

/** Checks a request; what it is was read before, as all policies need that. */
function check({ dialect }: BodyFormat, call: Call, threads: Threads, bytes: Uint8Array, nowMs: number): void {
  const read = (from?: number) => readConversation(dialect, call, request, bytes, from);
  const told = threads.read(origin, bytes, call.history, read, rules, nowMs);
  if (!told) throw new Error('the body was not read');
  if (told.followed.added > 0) judgeRounds(told.followed.rounds, settings, new Set());
}

function bodyOf(format: BodyFormat, run: string, all: ReturnType<typeof steps>): Buffer {
  return Buffer.from(JSON.stringify(format.body(run, all)));
}

function heapMegabytes(): number {
  gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

/** Each conversation is seen twice, first without its last round. */
function memoryOf(format: BodyFormat, maximum: number): string {
  const before = heapMegabytes();
  const threads = new Threads(maximum);
  for (const left of [1, 0]) {
    for (let run = 0; run < sessions; run += 1) {
      const body = bodyOf(format, `run ${run}`, steps(run, rounds - left, 300));
      check(format, describeBody(format, body), threads, body, run);
    }
  }
  const used = heapMegabytes() - before;
  // Asked once more, so that it is still there when it is measured.
  const last = bodyOf(format, 'the last', steps(0, 1, 10));
  check(format, describeBody(format, last), threads, last, 0);
  return `${used.toFixed(0)} MB`;
}

/**
 * One new round with each request, at the end of a conversation of so many: where the history of before is known again, and
 * where it has to be read whole. A check in whose midst another program was given the processor is left out, as its time
 * says nothing of the check.
 */
function timesOf(format: BodyFormat, count: number): string {
  const [onward, whole] = [new Threads(100), new Threads(100)];
  const times = { onward: [] as number[], whole: [] as number[], described: [] as number[] };
  let bytes = 0;
  let disturbed = 0;
  for (let run = 0; run < 60; run += 1) {
    const all = steps(run, count, 1000);
    for (let at = count - 10; at <= count; at += 1) {
      const body = bodyOf(format, `timed ${run}`, all.slice(0, at));
      bytes = body.length;
      const call = describeBody(format, body);
      const { history: _, ...unknown } = call;
      const counts = run >= 10 && at > count - 10;
      for (const [name, act] of [
        ['described', () => describeBody(format, body)],
        ['whole', () => check(format, unknown, whole, body, at)],
        ['onward', () => check(format, call, onward, body, at)],
      ] as const) {
        const switches = process.resourceUsage().involuntaryContextSwitches;
        const began = performance.now();
        act();
        const ms = performance.now() - began;
        if (!counts) continue;
        if (process.resourceUsage().involuntaryContextSwitches === switches) times[name].push(ms * 1000);
        else disturbed += 1;
      }
    }
  }
  const { onward: known, whole: afresh, described } = times;
  const figures = [known, afresh, described].flatMap((measured) => [0.5, 0.99].map((share) => `${quantile(measured, share)} µs`));
  return `| ${[format.name, `${Math.round(bytes / 1024)} KB`, ...figures, known.length, disturbed].join(' | ')} |`;
}

function quantile(measured: readonly number[], share: number): string {
  const sorted = [...measured].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0);
}

const print = (text: string) => process.stdout.write(`${text}\n`);
print(`Node ${process.version}; ${sessions} conversations of ${rounds} rounds\n`);
print('| format | body | history known: p50 | p99 | read whole: p50 | p99 | the call told: p50 | p99 | checks | left out |');
print('|---|---|---|---|---|---|---|---|---|---|');
for (const format of bodyFormats) for (const count of [11, 60, 210]) print(timesOf(format, count));
const [chat] = bodyFormats;
if (chat)
  for (const maximum of [sessions, Math.ceil(sessions / 10)]) print(`\nmemory, ${maximum} sessions kept: ${memoryOf(chat, maximum)}`);
