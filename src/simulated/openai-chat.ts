import { type ChatRequest, tokensOf } from './chat-request.ts';
import { eventScript, type Pace, type Script, wholeScript } from './script.ts';

/** An answer of OpenAI's chat completions. `text` is empty where the model says nothing at all. */
export function openaiChat(chat: ChatRequest, text: string, wallMs: number, pace: Pace): Script {
  const created = Math.floor(wallMs / 1000);
  const id = `chatcmpl-simulated-${created}`;
  const usage = usageOf(chat, text);
  const finishReason = chat.tool === undefined ? 'stop' : 'tool_calls';
  const calls = chat.tool === undefined ? undefined : [callOf(chat.tool, created)];
  if (!chat.stream) {
    const said = calls ? { content: null, tool_calls: calls } : { content: text, refusal: null };
    const choice = { index: 0, message: { role: 'assistant', ...said }, logprobs: null, finish_reason: finishReason };
    return wholeScript(200, { id, object: 'chat.completion', created, model: chat.model, choices: [choice], usage }, pace.headMs);
  }
  const event = (choices: unknown[], more = {}) =>
    Buffer.from(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model: chat.model, choices, ...more })}\n\n`);
  const delta = (content: object, reason: string | null = null) => event([{ index: 0, delta: content, finish_reason: reason }]);
  const said = calls
    ? [delta({ tool_calls: calls.map((call, index) => ({ index, ...call })) })]
    : text.split(/(?<= )/).map((content) => delta({ content }));
  const events = [
    delta({ role: 'assistant', content: '' }),
    ...(text === '' && !calls ? [] : said),
    delta({}, finishReason),
    ...(chat.includeUsage ? [event([], { usage })] : []),
    Buffer.from('data: [DONE]\n\n'),
  ];
  return eventScript(events, pace);
}

function callOf(name: string, created: number) {
  return { id: `call_${created}`, type: 'function', function: { name, arguments: '{"path":"src"}' } };
}

/** Where a conversation goes on, a good part of it is still known; models that reason do so at some length. */
function usageOf({ inputTokens, goesOn, model }: ChatRequest, text: string) {
  const reasoning = /^(gpt-5|o\d)/.test(model) ? tokensOf(text) : 0;
  const completion_tokens = tokensOf(text) + reasoning;
  return {
    prompt_tokens: inputTokens,
    completion_tokens,
    total_tokens: inputTokens + completion_tokens,
    ...(goesOn && { prompt_tokens_details: { cached_tokens: Math.floor(inputTokens / 2) } }),
    ...(reasoning > 0 && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
