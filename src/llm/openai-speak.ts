import type { Call } from '../core/dialect.ts';
import type { Reply } from '../core/outcome.ts';
import { eventStream } from './event-stream.ts';
import { spokenReply } from './spoken-reply.ts';

/** Ids of answers that no model gave: they can be told apart, and nothing can be asked about them. */
const id = 'outrigger-degraded';

/** A sentence as a completion or a response that stopped normally and used no tokens; undefined for calls that have no such answer. */
export function speakOpenai(text: string, call: Call): Reply | undefined {
  const model = call.model ?? 'outrigger';
  const now = Math.floor(Date.now() / 1000);
  const speak = call.kind === 'llm' ? speakers.get(call.api) : undefined;
  return speak?.(text, model, now, call.stream === true);
}

function speakChat(text: string, model: string, created: number, stream: boolean): Reply {
  const answer = { id: `chatcmpl-${id}`, created, model };
  if (!stream) {
    const message = { role: 'assistant', content: text, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
    return spokenReply(JSON.stringify({ ...answer, object: 'chat.completion', choices, usage: noChatTokens }), 'application/json');
  }
  const chunk = (delta: object, reason: string | null) => ({
    data: { ...answer, object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }] },
  });
  const events = [chunk({ role: 'assistant', content: '' }, null), chunk({ content: text }, null), chunk({}, 'stop'), { data: '[DONE]' }];
  return spokenReply(eventStream(events), 'text/event-stream');
}

/** The old interface: its chunks are answers in small. */
function speakCompletion(text: string, model: string, created: number, stream: boolean): Reply {
  const answer = (said: string, reason: string | null) => {
    const choices = [{ index: 0, text: said, logprobs: null, finish_reason: reason }];
    return { id: `cmpl-${id}`, object: 'text_completion', created, model, choices };
  };
  if (!stream) return spokenReply(JSON.stringify({ ...answer(text, 'stop'), usage: noChatTokens }), 'application/json');
  return spokenReply(eventStream([{ data: answer(text, null) }, { data: answer('', 'stop') }, { data: '[DONE]' }]), 'text/event-stream');
}

function speakResponse(text: string, model: string, created: number, stream: boolean): Reply {
  const part = { type: 'output_text', text, annotations: [], logprobs: [] };
  const item = { id: `msg_${id}`, type: 'message', role: 'assistant', status: 'completed', content: [part] };
  const response = { ...emptyResponse(model, created), status: 'completed', output: [item], usage: noTokens };
  if (!stream) return spokenReply(JSON.stringify(response), 'application/json');

  const begun = { ...emptyResponse(model, created), status: 'in_progress', output: [], usage: null };
  const where = { item_id: item.id, output_index: 0, content_index: 0 };
  const steps: [string, object][] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ['response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', content: [] } }],
    ['response.content_part.added', { ...where, part: { ...part, text: '' } }],
    ['response.output_text.delta', { ...where, delta: text, logprobs: [] }],
    ['response.output_text.done', { ...where, text, logprobs: [] }],
    ['response.content_part.done', { ...where, part }],
    ['response.output_item.done', { output_index: 0, item }],
    ['response.completed', { response }],
  ];
  const events = steps.map(([type, fields], i) => ({ name: type, data: { type, sequence_number: i, ...fields } }));
  return spokenReply(eventStream(events), 'text/event-stream');
}

/** By the interface that is called. */
const speakers: ReadonlyMap<string | undefined, typeof speakChat> = new Map([
  ['chat', speakChat],
  ['completions', speakCompletion],
  ['responses', speakResponse],
]);

const noChatTokens = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

const noTokens = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
};

function emptyResponse(model: string, created: number): object {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    model,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
  };
}
