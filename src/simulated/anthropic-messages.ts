import { type ChatRequest, tokensOf } from './chat-request.ts';
import { eventScript, type Pace, type Script, wholeScript } from './script.ts';

/** An answer of Anthropic's messages. */
export function anthropicMessages(chat: ChatRequest, text: string, wallMs: number, pace: Pace): Script {
  const cached = chat.goesOn ? Math.floor(chat.inputTokens / 2) : 0;
  const usage = { input_tokens: chat.inputTokens - cached, cache_read_input_tokens: cached, cache_creation_input_tokens: 0 };
  const message = { id: `msg_simulated_${Math.floor(wallMs)}`, type: 'message', role: 'assistant', model: chat.model };
  const output_tokens = tokensOf(text);
  const content = text === '' ? [] : [{ type: 'text', text }];
  if (!chat.stream) {
    const whole = { ...message, content, stop_reason: 'end_turn', stop_sequence: null, usage: { ...usage, output_tokens } };
    return wholeScript(200, whole, pace.headMs);
  }
  const events = [
    event('message_start', {
      message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } },
    }),
    ...(text === '' ? [] : blockOf(text)),
    event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens } }),
    event('message_stop', {}),
  ];
  return eventScript(events, pace);
}

function blockOf(text: string): Buffer[] {
  return [
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...text.split(/(?<= )/).map((word) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } })),
    event('content_block_stop', { index: 0 }),
  ];
}

function event(type: string, fields: object): Buffer {
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
}
