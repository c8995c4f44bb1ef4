import type { JsonObject } from '../../json-object.ts';
import { Reading } from '../reading.ts';
import { conversationOf } from './conversation.ts';
import { toolsOf } from './tools.ts';

/** A request in Anthropic's format. */
export interface MessagesRequest {
  readonly body: JsonObject;
  /** The limit that was put in because the format wants one and the caller gave none. */
  readonly filledMaxTokens?: number;
  /** Whether the caller wants token counts at the end of the stream. */
  readonly includeUsage: boolean;
}

/** Fields without a counterpart, and the values by which they say what holds anyway. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  frequency_penalty: [0],
  presence_penalty: [0],
  logprobs: [false],
  logit_bias: [{}],
  response_format: [{ type: 'text' }],
  store: [false],
  metadata: [{}],
  modalities: [['text']],
  service_tier: ['auto', 'default'],
};

/** Fields that change nothing of an answer: they say how the provider may cache the prompt. */
const immaterial = ['prompt_cache_key', 'prompt_cache_retention'];

/**
 * A chat completions request as a messages request, for `model` where one is given. `maxTokens` is the limit for a caller
 * who gave none. Throws `Untranslatable` where something has no exact counterpart.
 */
export function messagesRequest(chat: JsonObject, model: string | undefined, maxTokens: number): MessagesRequest {
  const from = new Reading(chat, '');
  const asked = from.needText('model');
  const { system, messages } = conversationOf(from.list('messages') ?? from.refuse('messages'));
  const limit = limitOf(from);
  const user = from.text('user') ?? from.text('safety_identifier');
  from.take('safety_identifier');
  const stream = from.flag('stream');
  const body = {
    model: model ?? asked,
    max_tokens: limit ?? maxTokens,
    ...(system.length > 0 && { system }),
    messages,
    ...toolsOf(from),
    ...samplingOf(from),
    ...stopOf(from),
    ...(user !== undefined && { metadata: { user_id: user } }),
    ...(stream !== undefined && { stream }),
  };
  const includeUsage = includesUsage(from);
  for (const [name, values] of Object.entries(neutral)) from.only(name, ...values);
  for (const name of immaterial) from.take(name);
  from.end();
  return { body, includeUsage, ...(limit === undefined && { filledMaxTokens: maxTokens }) };
}

function limitOf(from: Reading): number | undefined {
  const [limit, older] = [from.number('max_completion_tokens'), from.number('max_tokens')];
  if (limit !== undefined && older !== undefined && limit !== older) from.refuse('max_tokens', 'differs from max_completion_tokens');
  return limit ?? older;
}

function samplingOf(from: Reading): JsonObject {
  const [temperature, share] = [from.number('temperature'), from.number('top_p')];
  if (temperature !== undefined && temperature > 1) from.refuse('temperature', 'above 1');
  return { ...(temperature !== undefined && { temperature }), ...(share !== undefined && { top_p: share }) };
}

function stopOf(from: Reading): JsonObject {
  const stop = from.take('stop');
  const sequences = stop === undefined ? [] : Array.isArray(stop) ? stop : [stop];
  for (const sequence of sequences) {
    if (typeof sequence !== 'string') from.refuse('stop');
    if (sequence.trim() === '') from.refuse('stop', 'is blank');
  }
  return sequences.length === 0 ? {} : { stop_sequences: sequences };
}

function includesUsage(from: Reading): boolean {
  const written = from.take('stream_options');
  if (written === undefined) return false;
  const options = new Reading(written, from.at('stream_options'));
  // Obfuscation pads events against eavesdroppers; the text is the same.
  options.flag('include_obfuscation');
  const includeUsage = options.flag('include_usage') ?? false;
  options.end();
  return includeUsage;
}
