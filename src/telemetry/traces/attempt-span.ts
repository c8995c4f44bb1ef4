import type { Event } from '../../core/event.ts';
import type { Verdict } from '../../core/verdict.ts';
import { type SpanAttributes, said } from './attributes.ts';
import type { Asked, EndedCall, SpanEvent } from './call-spans.ts';
import { contentAttributes } from './content-attributes.ts';
import { genAiAttributes, mcpAttributes } from './gen-ai-attributes.ts';
import { providerName } from './provider-name.ts';
import { methodAttribute } from './server-span.ts';
import type { FinishedSpan, SpanPlace } from './span-sink.ts';

type EventOf<Kind extends Event['kind']> = Extract<Event, { kind: Kind }>;

/** What was told of one attempt. Times are on the clock's scale. */
export interface AttemptFacts {
  readonly number: number;
  readonly upstream: string;
  readonly model: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** What it was made for, if it is not the first. */
  readonly moved: EventOf<'retry'> | EventOf<'fallback'> | undefined;
  readonly answered: EventOf<'attempt-answered'> | undefined;
  readonly ended: EventOf<'attempt-ended'> | undefined;
}

export interface AttemptParts {
  readonly ended: EndedCall;
  readonly facts: AttemptFacts;
  readonly asked: Asked | undefined;
  readonly place: SpanPlace;
  readonly parent: SpanPlace;
  /** The attempt before. */
  readonly before: SpanPlace | undefined;
  /** Attempts that were made before. */
  readonly resends: number;
  readonly events: readonly SpanEvent[];
  readonly wallMs: number;
}

/** Verdicts that are no fault of the upstream's answer. */
const fine: ReadonlySet<Verdict> = new Set(['ok', 'cancelled', 'content-filter']);

/** The span of one attempt at an upstream, from its start to the end of its body. */
export function attemptSpan(parts: AttemptParts): FinishedSpan {
  const { ended, facts, asked, place, parent, before, resends, events, wallMs } = parts;
  const { answered, moved } = facts;
  const { call, trace, tracer } = ended;
  const verdict = facts.ended?.verdict ?? answered?.verdict;
  const failed = verdict !== undefined && !fine.has(verdict);
  const status = answered?.status;
  const server = tracer.upstreams.get(facts.upstream);
  const method = methodAttribute(call.method);
  return {
    name: (tracer.terms.semconv === 'off' ? undefined : nameOf(asked, modelOf(facts))) ?? (method === '_OTHER' ? 'HTTP' : method),
    kind: 'client',
    place,
    parent,
    startMs: facts.startedAt + wallMs,
    endMs: (facts.endedAt ?? call.startedAt + ended.ended.ms) + wallMs,
    failed,
    attributes: [
      {
        'http.request.method': method,
        'http.response.status_code': status,
        'http.request.resend_count': resends > 0 ? resends : undefined,
        'server.address': server?.host,
        'server.port': server?.port,
        'error.type': failed ? (status !== undefined && status >= 400 ? String(status) : verdict) : undefined,
        'outrigger.upstream': facts.upstream,
        'outrigger.attempt': facts.number,
        'outrigger.verdict': verdict,
        'outrigger.origin': answered?.origin,
        'outrigger.timeout_phase': answered?.phase,
        'outrigger.response_bytes': facts.ended?.bytes,
        'outrigger.complete': facts.ended?.complete,
        'outrigger.cost_usd': facts.ended?.costUsd ?? answered?.costUsd,
        'outrigger.retry.reason': moved?.kind === 'retry' ? moved.reason : undefined,
        'outrigger.fallback.from': moved?.kind === 'fallback' ? said(moved.from) : undefined,
        'outrigger.fallback.reason': moved?.kind === 'fallback' ? moved.reason : undefined,
      },
      ...(tracer.terms.semconv === 'off' ? [] : conventions(parts)),
      ...(tracer.terms.capture ? [contentAttributes(ended, trace.sent[facts.number]?.copy)] : []),
    ],
    events,
    droppedEvents: 0,
    links: before && moved ? [{ place: before, attributes: { 'outrigger.link': moved.kind, 'outrigger.reason': moved.reason } }] : [],
  };
}

function nameOf(asked: Asked | undefined, model: string | undefined): string | undefined {
  const { call, request } = asked ?? {};
  if (request?.mcpMethod !== undefined) return said(call?.tool === undefined ? request.mcpMethod : `${request.mcpMethod} ${call.tool}`);
  if (request?.operation === undefined) return undefined;
  return said(model === undefined ? request.operation : `${request.operation} ${model}`);
}

function conventions({ ended, facts, asked }: AttemptParts): SpanAttributes[] {
  if (!asked) return [];
  const { call: caller, trace, tracer } = ended;
  const { call, request } = asked;
  const dialect = trace.sent[facts.number]?.dialect ?? trace.dialect?.name ?? 'http';
  if (dialect === 'mcp') return [mcpAttributes(call, request, caller.session)];
  if (call.kind !== 'llm') return [];
  const { answered } = facts;
  const attempt = {
    call,
    asked: request,
    model: modelOf(facts) ?? call.model,
    provider: providerName(tracer.upstreams.get(facts.upstream)?.host, dialect),
    agent: caller.agent.name,
    session: caller.session,
    usage: facts.ended?.usage ?? answered?.usage,
    estimated: facts.ended?.estimated ?? answered?.estimated,
    answer: trace.sent[facts.number]?.facts,
    firstChunkMs: call.stream && answered?.verdict === 'ok' ? answered.ms : undefined,
  };
  return genAiAttributes(attempt, tracer.terms.semconv);
}

function modelOf({ ended, answered, model }: AttemptFacts): string | undefined {
  return ended?.model ?? answered?.model ?? model;
}
