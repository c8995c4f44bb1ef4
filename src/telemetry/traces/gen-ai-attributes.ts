import type { AnswerFacts } from '../../core/answer-facts.ts';
import type { Call } from '../../core/dialect.ts';
import type { TracedRequest } from '../../core/trace.ts';
import { addUsage, type Usage } from '../../core/usage.ts';
import { type SpanAttributes, said, word } from './attributes.ts';
import type { Semconv } from './settings.ts';

/** What is known of an attempt at a model. */
export interface ModelAttempt {
  readonly call: Call;
  readonly asked: TracedRequest;
  readonly model: string | undefined;
  readonly provider: string | undefined;
  readonly agent: string;
  readonly session: string | undefined;
  readonly usage: Usage | undefined;
  readonly estimated: Usage | undefined;
  /** By the provider's answer. */
  readonly answer: AnswerFacts | undefined;
  /** To the first meaningful chunk of a stream. */
  readonly firstChunkMs: number | undefined;
}

/** The GenAI conventions, v1.41 or, where `latest`, those of the repository that they moved to. */
export function genAiAttributes(attempt: ModelAttempt, semconv: Semconv): SpanAttributes[] {
  const { call, asked, model, provider, agent, session, usage, estimated, answer, firstChunkMs } = attempt;
  const tokens = estimated ? addUsage(usage, estimated) : usage;
  const attributes = {
    'gen_ai.operation.name': asked.operation,
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': said(model),
    'gen_ai.request.stream': call.stream,
    'gen_ai.request.max_tokens': asked.maxTokens,
    'gen_ai.request.temperature': asked.temperature,
    'gen_ai.request.top_p': asked.topP,
    'gen_ai.agent.name': said(agent),
    'gen_ai.conversation.id': said(session),
    'gen_ai.response.model': said(answer?.model),
    'gen_ai.response.id': said(answer?.id),
    'gen_ai.response.finish_reasons': answer && answer.finishReasons.length > 0 ? answer.finishReasons.map(word) : undefined,
    'gen_ai.response.time_to_first_chunk': firstChunkMs === undefined ? undefined : firstChunkMs / 1000,
  };
  return tokens ? [attributes, usageAttributes(tokens, estimated !== undefined, semconv)] : [attributes];
}

function usageAttributes(tokens: Usage, estimated: boolean, semconv: Semconv): SpanAttributes {
  return {
    // By the conventions these hold the tokens of caches and of reasoning, too.
    'gen_ai.usage.input_tokens': tokens.input + tokens.cacheRead + tokens.cacheWrite,
    'gen_ai.usage.output_tokens': tokens.output + tokens.reasoning,
    'gen_ai.usage.cache_read.input_tokens': tokens.cacheRead,
    'gen_ai.usage.cache_write.input_tokens': semconv === 'latest' ? tokens.cacheWrite : undefined,
    'gen_ai.usage.cache_creation.input_tokens': semconv === 'latest' ? undefined : tokens.cacheWrite,
    'gen_ai.usage.reasoning.output_tokens': tokens.reasoning,
    'outrigger.usage.estimated': estimated,
  };
}

/** The MCP conventions, for what one message asks of a server. */
export function mcpAttributes(call: Call, asked: TracedRequest, session: string | undefined): SpanAttributes {
  return {
    'mcp.method.name': said(asked.mcpMethod),
    'mcp.protocol.version': said(asked.mcpVersion),
    'jsonrpc.request.id': said(asked.rpcId),
    'gen_ai.tool.name': said(call.tool),
    'gen_ai.operation.name': call.kind === 'tool' ? 'execute_tool' : undefined,
    'gen_ai.conversation.id': said(session),
    'network.transport': 'tcp',
  };
}
