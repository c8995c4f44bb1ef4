import type { Usage } from '../core/usage.ts';
import { asObject, countIn, type JsonObject } from './json-object.ts';

/**
 * OpenAI's token counts as disjoint kinds: there, prompt tokens include those read from and written to a cache, and
 * completion tokens include reasoning. Undefined if the object holds no counts.
 */
export function openaiUsage(counts: JsonObject): Usage | undefined {
  const input = counts['prompt_tokens'] ?? counts['input_tokens'];
  const output = counts['completion_tokens'] ?? counts['output_tokens'];
  if (typeof input !== 'number' && typeof output !== 'number') return undefined;
  const inputDetails = asObject(counts['prompt_tokens_details'] ?? counts['input_tokens_details']);
  const outputDetails = asObject(counts['completion_tokens_details'] ?? counts['output_tokens_details']);
  const cacheRead = countIn(inputDetails?.['cached_tokens']);
  const cacheWrite = countIn(inputDetails?.['cache_write_tokens']);
  const reasoning = countIn(outputDetails?.['reasoning_tokens']);
  return {
    input: Math.max(countIn(input) - cacheRead - cacheWrite, 0),
    output: Math.max(countIn(output) - reasoning, 0),
    cacheRead,
    cacheWrite,
    reasoning,
  };
}
