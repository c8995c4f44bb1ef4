import { asObject, countIn, type JsonObject } from '../json-object.ts';
import { openaiUsage } from '../openai-usage.ts';

/** Token counts of a message as those of a chat completion, whose prompt tokens include what a cache gave and took. */
export function chatUsage(counts: JsonObject): JsonObject {
  const cached = countIn(counts['cache_read_input_tokens']);
  const written = countIn(counts['cache_creation_input_tokens']);
  const prompt = countIn(counts['input_tokens']) + cached + written;
  const completion = countIn(counts['output_tokens']);
  const reasoning = countIn(asObject(counts['output_tokens_details'])?.['thinking_tokens']);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached, ...(written > 0 && { cache_write_tokens: written }) },
    ...(reasoning > 0 && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

/** Token counts of a chat completion as those of a message; all 0 where the provider gave none. */
export function messagesUsage(counts: JsonObject | undefined): JsonObject {
  const { input, output, cacheRead, cacheWrite, reasoning } = (counts && openaiUsage(counts)) ?? none;
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: output + reasoning,
    ...(reasoning > 0 && { output_tokens_details: { thinking_tokens: reasoning } }),
  };
}

const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
