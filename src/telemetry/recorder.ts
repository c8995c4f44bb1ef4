import type { Call } from '../core/dialect.ts';
import type { Event } from '../core/event.ts';
import type { CallInfo, Subscriber } from '../core/journal.ts';
import { type Spared, tokensIn } from '../core/usage.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Histogram } from './histogram.ts';
import type { Instruments } from './instruments.ts';
import { otherLabel } from './label-interner.ts';
import { circuitValues, labelValues } from './label-values.ts';
import type { Series } from './series.ts';
import type { AgentMetrics, Subjects } from './subjects.ts';
import type { UpstreamMetrics } from './upstream-metrics.ts';

type EventOf<Kind extends Event['kind']> = Extract<Event, { kind: Kind }>;

/** Turns events into numbers. What every call tells costs a look-up or two; the rest may cost a little more. */
export class Recorder implements Subscriber {
  readonly name = 'metrics';
  readonly #instruments: Instruments;
  readonly #subjects: Subjects;
  /** Streams under way. */
  readonly #streams = new WeakMap<CallInfo, UpstreamMetrics>();
  /** How often the calls have moved to another target that have moved at all, and how many of those are under way. */
  readonly #moves = new WeakMap<CallInfo, number>();
  #moving = 0;
  readonly #depth: Histogram;

  constructor(instruments: Instruments, subjects: Subjects) {
    this.#instruments = instruments;
    this.#subjects = subjects;
    this.#depth = instruments.histograms.fallbackDepth.at();
  }

  /** Agents that were paused before the start: that is no news. */
  alreadyPaused(agents: Iterable<string>): void {
    for (const agent of agents) setPaused(this.#subjects.agent(agent), 1);
  }

  on(event: Event, call: CallInfo | undefined): void {
    const series = this.#counterOf(event, call);
    if (series) series.value += 1;
  }

  /** Where the event counts one. What it tells beside that is recorded on the way. */
  #counterOf(event: Event, call: CallInfo | undefined): Series | undefined {
    const { counters, histograms } = this.#instruments;
    switch (event.kind) {
      case 'call-started':
        return call && this.#subjects.upstream(call.upstream).inflight;
      case 'attempt-started':
      case 'translated':
      case 'in-loop':
        return undefined;
      case 'incident':
        if (event.change === 'acknowledged' || event.change === 'resolved') histograms.incidentSeconds.at(event.change).observeMs(event.ms);
        return undefined;
      case 'connected':
        this.#subjects.upstream(event.upstream).connectSeconds.observeMs(event.ms);
        return undefined;
      case 'attempt-answered':
        return this.#answered(event, call);
      case 'attempt-ended':
        return this.#attemptEnded(event, call);
      case 'tunnel-answered':
        if (event.usage) this.#spent(event, call);
        return counters.tunnelAnswers.at(this.#label(event), event.verdict);
      case 'tunnel-passed':
        counters.webSocketMessages.at(this.#label(event), 'sent').value += event.sent;
        counters.webSocketMessages.at(this.#label(event), 'received').value += event.received;
        return event.closed && counters.webSocketCloses.at(this.#label(event), event.closed);
      case 'committed':
        return call && this.#committed(event, call);
      case 'call-ended':
        return call && this.#ended(event, call);
      case 'retry':
        histograms.retryWaitSeconds.at(this.#label(event), event.source).observeMs(event.waitMs);
        return counters.retries.at(this.#label(event), event.reason);
      case 'retry-given-up':
        return counters.retriesGivenUp.at(this.#label(event), event.why);
      case 'socket-resent':
        return counters.socketResent.at(this.#label(event));
      case 'timeout':
        return counters.timeouts.at(this.#label(event), event.phase);
      case 'circuit':
        return this.#circuit(event);
      case 'circuit-refused':
        return counters.circuitRefused.at(this.#label(event));
      case 'bulkhead-waited':
        histograms.bulkheadWaitSeconds.at(this.#label(event)).observeMs(event.waitMs);
        return undefined;
      case 'bulkhead-rejected':
        return counters.bulkheadRejected.at(this.#label(event), event.reason);
      case 'target-skipped':
        return counters.targetsSkipped.at(this.#label(event));
      case 'fallback': {
        if (call) this.#moved(call);
        const { targets } = this.#instruments;
        return counters.fallbacks.at(targets.value(event.from), targets.value(event.to), event.reason);
      }
      case 'fallback-exhausted':
        return counters.fallbacksExhausted.at(this.#label(event));
      case 'cache':
        if (event.spared) this.#spared(event.spared);
        if (event.ageMs !== undefined) histograms.cacheAgeSeconds.at().observeMs(event.ageMs);
        // A stale answer stands in for a fresh one that could not be had.
        if (event.result === 'stale') counters.degraded.at('cache').value += 1;
        return counters.cacheRequests.at(event.result);
      case 'degraded':
        return counters.degraded.at('message');
      case 'loop-detected':
        histograms.loopRepeats.at().observe(event.count);
        return counters.loopsDetected.at(known(labelValues.loop, event.loop), event.action);
      case 'agent-paused':
        setPaused(this.#subjects.agent(event.agent), 1);
        return counters.interventions.at('pause', call ? 'auto' : 'human');
      case 'agent-resumed':
        setPaused(this.#subjects.agent(event.agent), -1);
        if (event.pausedMs !== undefined) histograms.agentPauseSeconds.at().observeMs(event.pausedMs);
        return counters.interventions.at('resume', call ? 'auto' : 'human');
      case 'fault-injected':
        return counters.faultsInjected.at(this.#label(event), known(labelValues.fault, event.fault));
      case 'prompt-adjusted':
        return counters.promptAdjustments.at(known(labelValues.adjustment, event.adjustment));
      case 'validated':
        return counters.validations.at(this.#label(event), event.result);
      case 'stream-broken':
        return counters.streamsBroken.at(this.#label(event));
      case 'config-reloaded':
        return counters.configReloads.at(event.result);
      case 'bug':
        return counters.bugs.at();
      case 'would':
        return counters.would.at(event.event.kind);
    }
  }

  #answered(event: EventOf<'attempt-answered'>, call: CallInfo | undefined): Series | undefined {
    const upstream = this.#subjects.upstream(event.upstream);
    // What we refused ourselves took no time and would make the upstream look fast.
    if (event.verdict !== 'refused') upstream.attemptSeconds.observeMs(event.ms);
    if (call) call.answered = event;
    if (event.usage || event.estimated) this.#spent(event, call);
    if (event.status === 101) upstream.webSockets.value += 1;
    if (event.status !== undefined) return undefined;
    // A failure has no body that could end: this was its last word.
    if (call?.asked?.kind === 'tool') this.#tool(event, upstream, call.asked);
    return upstream.attempts[event.verdict];
  }

  /** One attempt at a tool is over. */
  #tool({ verdict, ms }: { readonly verdict: Verdict; readonly ms: number }, upstream: UpstreamMetrics, { tool = '' }: Call): void {
    const { tools, counters } = this.#instruments;
    counters.toolCalls.at(tools.value(tool), toolOutcomes[verdict] ?? 'failed').value += 1;
    if (verdict !== 'refused') upstream.toolSeconds.observeMs(ms);
  }

  #moved(call: CallInfo): void {
    const before = this.#moves.get(call) ?? 0;
    if (before === 0) this.#moving += 1;
    this.#moves.set(call, before + 1);
  }

  #attemptEnded(event: EventOf<'attempt-ended'>, call: CallInfo | undefined): Series {
    if (event.usage || event.estimated) this.#spent(event, call);
    const upstream = this.#subjects.upstream(event.upstream);
    const answered = call?.answered?.attempt === event.attempt ? call.answered : undefined;
    if (answered?.status === 101) upstream.webSockets.value -= 1;
    if (call?.asked?.kind === 'tool') this.#tool(event, upstream, call.asked);
    if (event.gaps && call && this.#streams.has(call)) upstream.streamGaps.add(event.gaps.counts, event.gaps.ms / 1000);
    if (call && answered && event.usage && event.complete && this.#streams.has(call)) {
      const tokens = event.usage.output + event.usage.reasoning;
      const seconds = (event.ms - answered.ms) / 1000;
      if (tokens > 0 && seconds > 0) upstream.model(event.model).tokenRate.observe(tokens / seconds);
    }
    return upstream.attempts[event.verdict];
  }

  #spent(event: EventOf<'attempt-ended' | 'attempt-answered' | 'tunnel-answered'>, call: CallInfo | undefined): void {
    this.#subjects.upstream(event.upstream).model(event.model).spent(event);
    if (!call) return;
    const { tokens, costUsd } = this.#subjects.agent(call.agent.name);
    for (const usage of [event.usage, event.estimated]) {
      if (!usage) continue;
      tokens.input.value += usage.input + usage.cacheRead + usage.cacheWrite;
      tokens.output.value += usage.output + usage.reasoning;
    }
    costUsd.value += event.costUsd ?? 0;
  }

  #spared({ usage, estimated, costUsd }: Spared): void {
    const { counters } = this.#instruments;
    counters.cacheSavedTokens.at().value += (usage ? tokensIn(usage) : 0) + (estimated ? tokensIn(estimated) : 0);
    counters.cacheSavedUsd.at().value += costUsd ?? 0;
  }

  #committed(event: EventOf<'committed'>, call: CallInfo): Series | undefined {
    const home = this.#subjects.upstream(call.upstream);
    home.firstByteSeconds.observeMs(event.ms);
    home.overheadSeconds.observeMs(event.overheadMs);
    if (!event.streamed || this.#streams.has(call)) return undefined;
    const { answered } = call;
    const upstream = answered ? this.#subjects.upstream(answered.upstream) : home;
    this.#streams.set(call, upstream);
    if (answered?.model !== undefined && answered.verdict === 'ok' && answered.status !== 101) {
      upstream.model(answered.model).ttft.observeMs(event.ms);
    }
    return upstream.streamsActive;
  }

  #ended(event: EventOf<'call-ended'>, call: CallInfo): Series {
    const home = this.#subjects.upstream(call.upstream);
    home.inflight.value -= 1;
    home.requestBytes.value += event.requestBytes;
    home.responseBytes.value += event.responseBytes;
    for (const waste of event.spent?.wasted ?? []) this.#subjects.upstream(waste.upstream).model(waste.model).wasted(waste);
    const stream = this.#streams.get(call);
    if (stream) {
      stream.streamsActive.value -= 1;
      this.#streams.delete(call);
    }
    this.#subjects.agent(call.agent.name).outcomes[event.outcome].value += 1;
    this.#depth.observe(this.#moving > 0 ? this.#movesOf(call) : 0);
    const route = this.#subjects.route(call.route);
    route.seconds.observeMs(event.ms);
    route.requestBytes.observe(event.requestBytes);
    route.responseBytes.observe(event.responseBytes);
    return route.outcomes[event.outcome];
  }

  #movesOf(call: CallInfo): number {
    const moves = this.#moves.get(call) ?? 0;
    if (moves > 0) this.#moving -= 1;
    return moves;
  }

  #circuit(event: EventOf<'circuit'>): Series {
    const label = this.#label(event);
    if (this.#subjects.isCurrent(label)) this.#instruments.gauges.circuitState.at(label).value = circuitValues[event.to];
    return this.#instruments.counters.circuitTransitions.at(label, event.to);
  }

  #label(event: { readonly upstream: string }): string {
    return this.#subjects.upstream(event.upstream).label;
  }
}

/** Agents that share the label `other` are counted together; any other is paused or not. */
function setPaused({ paused }: AgentMetrics, step: 1 | -1): void {
  const highest = paused.attributes['agent'] === otherLabel ? Number.POSITIVE_INFINITY : 1;
  paused.value = Math.min(Math.max(paused.value + step, 0), highest);
}

/** What became of a call of a tool, by the verdict; any other has failed. */
const toolOutcomes: Partial<Record<Verdict, string>> = {
  ok: 'ok',
  'tool-error': 'tool-error',
  cancelled: 'cancelled',
  refused: 'refused',
};

/** The value if it is one of the enumeration, else `other`. */
function known(values: readonly string[], value: string): string {
  return values.includes(value) ? value : otherLabel;
}
