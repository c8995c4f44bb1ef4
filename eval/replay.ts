import { judgeRounds } from '../src/agents/loops/judge-rounds.ts';
import type { ToolRules } from '../src/agents/loops/round-reader.ts';
import type { Threads } from '../src/agents/threads.ts';
import type { LoopKind } from '../src/core/event.ts';
import { readConversation } from '../src/llm/conversation/read-conversation.ts';
import { loopDetectionSettings } from '../src/settings/loop-detection.ts';
import { type BodyFormat, describeBody } from './bodies.ts';
import type { Trajectory } from './trajectories.ts';

/** What loop detection made of one run. Steps are counted from 0, each seen by the request that follows it. */
export interface Replayed {
  readonly warnedAt: number | undefined;
  /** It would have been paused with the request that follows this step. */
  readonly pausedAt: number | undefined;
  readonly kind: LoopKind | undefined;
  /** Time of each request's check, reading its body included, in microseconds. */
  readonly microseconds: readonly number[];
}

const settings = loopDetectionSettings.parse({});
const rules: ToolRules = { ignoredArguments: new Set(), pollTools: new Set(), exemptTools: new Set() };

/** Between two steps of a replayed run, in milliseconds: of no account but for the window. */
const stepMs = 1000;

/** Gives the requests of a run to the loop detection, one after the other, until it would pause the agent. */
export function replay(run: Trajectory, format: BodyFormat, threads: Threads): Replayed {
  const microseconds: number[] = [];
  const origin = { principal: 'eval', session: undefined, clientSession: undefined };
  let warnedAt: number | undefined;
  for (let step = -1; step < run.steps.length; step += 1) {
    const bytes = Buffer.from(JSON.stringify(format.body(run.id, run.steps.slice(0, step + 1))));
    const request = { method: 'POST', path: format.path, headers: [] };
    const call = describeBody(format, bytes);
    const read = (from?: number) => readConversation(format.dialect, call, request, bytes, from);
    const began = performance.now();
    const told = threads.read(origin, bytes, call.history, read, rules, step * stepMs);
    if (!told) throw new Error(`${run.id}: the body was not read`);
    const { added, rounds } = told.followed;
    const finding = added > 0 ? judgeRounds(rounds, settings, new Set()) : undefined;
    microseconds.push((performance.now() - began) * 1000);
    if (!finding) continue;
    warnedAt ??= step;
    if (finding.level === 'act') return { warnedAt, pausedAt: step, kind: finding.kind, microseconds };
  }
  return { warnedAt, pausedAt: undefined, kind: undefined, microseconds };
}
