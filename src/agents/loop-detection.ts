import type { Conversation } from '../core/conversation.ts';
import type { Call } from '../core/dialect.ts';
import type { Event } from '../core/event.ts';
import type { Exchange } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import { isoTime } from '../core/iso-time.ts';
import type { Failure } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import type { LoopDetectionSettings } from '../settings/loop-detection.ts';
import { agentId } from './agent-id.ts';
import type { Agents } from './agents.ts';
import { describeLoop } from './describe-loop.ts';
import { type Finding, judgeRounds } from './loops/judge-rounds.ts';
import { climb, type Step } from './loops/ladder.ts';
import type { ToolRules } from './loops/round-reader.ts';
import type { Evidence } from './pauses.ts';
import type { Principals } from './principal.ts';
import type { Threads } from './threads.ts';

/** Larger bodies are not looked into. */
const bodyLimitBytes = 4 * 1024 * 1024;

/** What all loop detection of a process shares. */
export interface LoopSurroundings {
  readonly agents: Agents;
  /** Tags callers. */
  readonly principals: Principals;
  readonly threads: Threads;
  /** What a body tells of its conversation; undefined where it tells of none. */
  readConversation(exchange: Exchange, call: Call, body: Uint8Array): Conversation | undefined;
}

/**
 * Sees an agent go in circles by the history that it sends with each request, and warns, puts a note to the model into the
 * request, or pauses the agent. Looks at requests to models alone.
 */
export function createLoopDetection(settings: LoopDetectionSettings, surroundings: LoopSurroundings, context: PolicyContext): Policy {
  const { agents, threads } = surroundings;
  const rules: ToolRules = {
    ignoredArguments: new Set(settings.ignoreArguments),
    pollTools: new Set(settings.pollTools),
    exemptTools: new Set(settings.exemptTools),
  };

  const find = (exchange: Exchange, principal: string, conversation: Conversation): { finding: Finding; step: Step } | undefined => {
    const origin = { principal, session: exchange.session, clientSession: exchange.clientSession };
    const followed = threads.follow(origin, conversation, rules, context.clock.now());
    if (followed.added === 0) return undefined;
    const { atMs, loops } = agents.releaseOf(exchange.agent.name, principal);
    const finding = judgeRounds(
      followed.rounds.filter((round) => round.atMs > atMs),
      settings,
      loops,
    );
    const step = finding && climb(finding, settings.action, followed.told);
    return step && { finding, step };
  };

  return {
    name: 'loopDetection',
    async run(exchange, next) {
      const { request } = exchange;
      if (request.upgrade !== undefined) return next(exchange);
      const call = await request.call();
      if (call.kind !== 'llm') return next(exchange);
      const body = await request.body.whole();
      if (!body || body.byteLength > bodyLimitBytes) return next(exchange);
      const conversation = surroundings.readConversation(exchange, call, body);
      if (!conversation) return next(exchange);
      const { principal = '' } = exchange.agent;
      const found = find(exchange, principal, conversation);
      if (!found) return next(exchange);
      const { finding, step } = found;
      const evidence = evidenceOf(finding);
      const event: Event = {
        kind: 'loop-detected',
        attempt: 0,
        loop: finding.kind,
        action: step,
        count: finding.count,
        tool: finding.tools,
      };
      if (settings.observe) {
        exchange.note({ kind: 'would', attempt: 0, event });
        return next(exchange);
      }
      exchange.note(event);
      if (step === 'warn') return next(exchange);
      if (step === 'nudge') {
        const hinted = exchange.dialect.hint(request, nudgeOf(evidence));
        return next(hinted ? { ...exchange, request: hinted } : exchange);
      }
      const { name } = exchange.agent;
      const reason = describeLoop(evidence);
      const sinceMs = context.clock.wall();
      if (agents.pauses.add({ agent: name, principal, reason, by: 'loop', sinceMs, evidence })) {
        exchange.note({ kind: 'agent-paused', attempt: 0, agent: name, reason });
      }
      return pausedFailure(agents, name, principal);
    },
  };
}

/** Refuses the calls of agents that are paused, whatever else the policies of a route say. */
export function createPauseGuard({ agents }: Pick<LoopSurroundings, 'agents'>): Policy {
  return {
    name: 'pause',
    run(exchange, next) {
      if (!agents.pauses.any) return next(exchange);
      const { name, principal = '' } = exchange.agent;
      return agents.pauses.of(name, principal) ? Promise.resolve(pausedFailure(agents, name, principal)) : next(exchange);
    },
    inspect: () => ({ paused: agents.pauses.all().map(({ agent, principal }) => agentId(agent, principal)) }),
  };
}

function pausedFailure(agents: Agents, name: string, principal: string): Failure {
  const pause = agents.pauses.of(name, principal);
  const since = pause ? ` since ${isoTime(pause.sinceMs)}` : '';
  const why = pause ? ` because ${pause.by === 'loop' ? pause.reason : `a person stopped it: ${pause.reason}`}` : '';
  const id = agentId(name, pause?.principal === principal ? principal : '');
  return failure('agent_paused', `The agent ${name} is paused${since}${why}. A person can let it go on: outrigger resume ${id}`);
}

function evidenceOf({ kind, count, tools, first, last, fingerprint }: Finding): Evidence {
  return { kind, count, tool: tools, firstRound: first + 1, lastRound: last + 1, fingerprint };
}

function nudgeOf(evidence: Evidence): string {
  return `You seem to go in circles: ${describeLoop(evidence)
    .replace(/\bit\b/gu, 'you')
    .replace(/\bits\b/gu, 'your')}. Doing the same again will not help. Try something else, or say what you need.`;
}
