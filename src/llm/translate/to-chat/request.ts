import type { JsonObject } from '../../json-object.ts';
import { Reading } from '../reading.ts';
import { chatMessages } from './conversation.ts';
import { functionsOf } from './tools.ts';

/** Fields without a counterpart, and the values by which they say what holds anyway. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  thinking: [{ type: 'disabled' }],
  service_tier: ['auto'],
  speed: ['standard'],
  output_config: [{}],
  mcp_servers: [[]],
};

/** As many stop sequences as OpenAI's interface takes. */
const mostStops = 4;

/**
 * A messages request as a chat completions request, for `model` where one is given. Throws `Untranslatable` where
 * something has no exact counterpart.
 */
export function chatRequest(message: JsonObject, model: string | undefined): JsonObject {
  const from = new Reading(message, '');
  const asked = from.needText('model');
  const limit = from.number('max_tokens') ?? from.refuse('max_tokens');
  if (limit < 1) from.refuse('max_tokens', 'below 1');
  const messages = chatMessages(from.take('system'), from.list('messages') ?? from.refuse('messages'));
  const stops = from.list('stop_sequences') ?? [];
  if (stops.length > mostStops) from.refuse('stop_sequences', `are more than ${mostStops}`);
  const [temperature, share, stream] = [from.number('temperature'), from.number('top_p'), from.flag('stream')];
  const user = userOf(from);
  const body = {
    model: model ?? asked,
    messages,
    max_completion_tokens: limit,
    ...functionsOf(from),
    ...(temperature !== undefined && { temperature }),
    ...(share !== undefined && { top_p: share }),
    ...(stops.length > 0 && { stop: stops }),
    ...(user !== undefined && { user }),
    ...(stream !== undefined && { stream }),
    // A message always tells what it took.
    ...(stream === true && { stream_options: { include_usage: true } }),
  };
  for (const [name, values] of Object.entries(neutral)) from.only(name, ...values);
  from.end();
  return body;
}

function userOf(from: Reading): string | undefined {
  const written = from.take('metadata');
  if (written === undefined) return undefined;
  const metadata = new Reading(written, from.at('metadata'));
  const user = metadata.text('user_id');
  metadata.end();
  return user;
}
