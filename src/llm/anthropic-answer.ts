import type { AnswerFacts } from '../core/answer-facts.ts';
import type { Usage } from '../core/usage.ts';
import type { Verdict } from '../core/verdict.ts';
import { takeFacts, takeReason } from './answer-facts.ts';
import { type AnswerFormat, content, fullUsage, malformed, type Sign, startUp } from './answer-format.ts';
import { verdictOfError } from './classify.ts';
import { errorIn, factsOf } from './error-facts.ts';
import { eventType, looksWhole } from './event-data.ts';
import { asObject, countIn, type JsonObject, parseObject } from './json-object.ts';
import { scanUsage } from './usage-scan.ts';

/** Blocks that begin empty: what they hold comes in deltas. */
const emptyAtFirst = new Set<unknown>(['text', 'thinking', 'tool_use', 'server_tool_use', 'mcp_tool_use']);

/** Stop reasons that are not the end of a good answer. */
const badStops: Readonly<Record<string, 'content-filter' | 'context-length'>> = {
  refusal: 'content-filter',
  model_context_window_exceeded: 'context-length',
};

/** Answers of Anthropic's messages interface. */
export const anthropicAnswer: AnswerFormat = {
  readEvent(data, name, settled, facts) {
    const type = eventType(data, name);
    if (!looksWhole(data)) return malformed;
    if (settled && type === 'content_block_delta') return content;
    return readFrame(data, type, facts);
  },
  readWhole(answer, facts) {
    if (facts) takeMessage(answer, facts);
    const error = errorIn(answer);
    const usage = usageOf(answer);
    return { verdict: error ? verdictOfError(200, error) : (badStop(answer) ?? 'ok'), ...(usage && { usage: fullUsage(usage) }) };
  },
  readTail(tail) {
    const usage = scanUsage(tail, 'usage', anthropicUsage);
    return usage && fullUsage(usage);
  },
  endMarked: true,
};

function readFrame(data: Buffer, typeOutside: string, facts: AnswerFacts | undefined): Sign {
  const frame = parseObject(data);
  if (!frame) return malformed;
  const type = typeOutside || frame['type'];
  if (type === 'error') return { meaningful: false, error: verdictOfError(200, errorIn(frame) ?? factsOf(frame)) };
  switch (type) {
    case 'ping':
    case 'content_block_stop':
      return startUp;
    case 'message_start': {
      const message = asObject(frame['message']) ?? {};
      if (facts) takeMessage(message, facts);
      const usage = usageOf(message);
      return usage ? { meaningful: false, usage } : startUp;
    }
    case 'content_block_start':
      return emptyAtFirst.has(asObject(frame['content_block'])?.['type']) ? startUp : content;
    case 'message_delta': {
      const delta = asObject(frame['delta']) ?? {};
      if (facts) takeReason(delta['stop_reason'], facts);
      const finish = badStop(delta);
      const usage = usageOf(frame);
      return { meaningful: true, ...(finish && { finish }), ...(usage && { usage }) };
    }
    case 'message_stop':
      return { meaningful: false, last: true };
    default:
      return content;
  }
}

function takeMessage({ model, id, stop_reason: reason }: JsonObject, facts: AnswerFacts): void {
  takeFacts(model, id, facts);
  takeReason(reason, facts);
}

function badStop(holder: JsonObject): Exclude<Verdict, 'ok'> | undefined {
  const reason = holder['stop_reason'];
  return typeof reason === 'string' ? badStops[reason] : undefined;
}

function usageOf(holder: JsonObject): Partial<Usage> | undefined {
  const counts = asObject(holder['usage']);
  return counts && anthropicUsage(counts);
}

/** Only the counts that are there: a stream tells the input at its start and the output, cumulative, at its end. */
function anthropicUsage(counts: JsonObject): Partial<Usage> | undefined {
  const { input_tokens: input, output_tokens: output, cache_read_input_tokens: read, cache_creation_input_tokens: written } = counts;
  if (typeof input !== 'number' && typeof output !== 'number') return undefined;
  const reasoning = countIn(asObject(counts['output_tokens_details'])?.['thinking_tokens']);
  return {
    ...(typeof input === 'number' && { input }),
    ...(typeof output === 'number' && { output: Math.max(output - reasoning, 0), reasoning }),
    ...(typeof read === 'number' && { cacheRead: read }),
    ...(typeof written === 'number' && { cacheWrite: written }),
  };
}
