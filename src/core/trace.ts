import type { AnswerFacts } from './answer-facts.ts';
import type { Conversation } from './conversation.ts';
import type { Call, Dialect, DialectName, RequestFacts } from './dialect.ts';
import type { Exchange, ProxiedRequest } from './exchange.ts';
import type { RawHeaders } from './headers.ts';
import type { Reply } from './outcome.ts';

/** The trace that a call belongs to. One object a call, and only where traces are made. */
export interface CallTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Of the span of the whole call; 16 hex digits. */
  readonly spanId: string;
  /** Told what the agent asks, before anything else is asked of the trace. */
  carries(request: ProxiedRequest, dialect: Dialect): void;
  /** The fields that an attempt is sent with: those given, without a trace context of the agent's and with the attempt's own. */
  fieldsFor(exchange: Exchange, fields: RawHeaders): readonly string[];
  /** To be filled in with what the answer of an attempt says of itself; undefined where nobody would look. */
  factsOf(attempt: number): AnswerFacts | undefined;
  /** Whether copies of answers are kept: `answered` is of use only then. */
  readonly copiesAnswers: boolean;
  /** The answer of an attempt as it came from the upstream, to be handed on in place of the one given. */
  answered(exchange: Exchange, reply: Reply): Reply;
}

/** Makes the traces of calls. */
export interface Tracing {
  /** For a request that has just come in with these fields. */
  begin(headers: RawHeaders): CallTrace;
}

/** What a trace tells of a request, beside what it is described as. */
export interface TracedRequest {
  /** What the model is asked to do, as OpenTelemetry calls it. */
  readonly operation?: string | undefined;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  /** Method and id of a JSON-RPC message, and the version of MCP that it is in. */
  readonly mcpMethod?: string | undefined;
  readonly mcpVersion?: string | undefined;
  readonly rpcId?: string | undefined;
}

/** Reads requests for traces, by what is known of their wire formats. */
export interface TraceReader {
  /** A trace context that stands in the body; undefined for none. */
  context(dialect: DialectName, body: Uint8Array): { readonly traceparent: string; readonly tracestate?: string } | undefined;
  request(dialect: DialectName, call: Call, request: RequestFacts, body: Uint8Array | undefined): TracedRequest;
  conversation(dialect: DialectName, call: Call, request: RequestFacts, body: Uint8Array): Conversation | undefined;
}
