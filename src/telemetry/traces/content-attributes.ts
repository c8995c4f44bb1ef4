import type { SaidChoice } from '../../core/content.ts';
import type { Turn } from '../../core/conversation.ts';
import { redact, redactValue } from '../redact.ts';
import type { AnswerCopy } from './answer-copy.ts';
import type { SpanAttributes } from './attributes.ts';
import type { EndedCall } from './call-spans.ts';

/** The last messages of a conversation that are shown, and the chars of each of their texts. */
const mostMessages = 16;
const longestText = 2048;
const longestBody = 16 * 1024;

/**
 * What was said, as the GenAI conventions write it; bodies as they are where no model speaks. All of it without what looks
 * like a credential, and cut.
 */
export function contentAttributes({ trace, asked, body, tracer }: EndedCall, copy: AnswerCopy | undefined): SpanAttributes {
  const { request, dialect } = trace;
  const conversation = request && dialect && asked && body && tracer.reader.conversation(dialect.name, asked, request, body);
  return {
    ...(conversation
      ? {
          'gen_ai.system_instructions': conversation.instructions === '' ? undefined : written([textPart(conversation.instructions)]),
          'gen_ai.input.messages': written(conversation.turns.slice(-mostMessages).map(messageOf)),
        }
      : { 'outrigger.request.body': body && textOf(Buffer.from(body.subarray(0, longestBody)).toString('utf8')) }),
    'gen_ai.output.messages': copy?.choices && written(copy.choices.map(outputOf)),
    'outrigger.response.body': textOf(copy?.text()),
  };
}

function messageOf(turn: Turn) {
  switch (turn.kind) {
    case 'user':
      return { role: 'user', parts: [textPart(turn.text)] };
    case 'assistant': {
      const calls = turn.calls.map(({ id, tool, arguments: given }) => ({
        type: 'tool_call',
        id,
        name: tool,
        arguments: shortened(given),
      }));
      return { role: 'assistant', parts: [...(turn.text === '' ? [] : [textPart(turn.text)]), ...calls] };
    }
    case 'result':
      return { role: 'tool', parts: [{ type: 'tool_call_response', id: turn.call, response: turn.text.slice(0, longestText) }] };
  }
}

function outputOf({ text, calls, cut }: SaidChoice) {
  const parts = calls.map(({ tool, arguments: given }) => ({ type: 'tool_call', name: tool, arguments: shortened(given) }));
  return {
    role: 'assistant',
    parts: [...(text === '' ? [] : [textPart(text)]), ...parts],
    finish_reason: cut ? 'length' : calls.length > 0 ? 'tool_call' : 'stop',
  };
}

function textPart(text: string) {
  return { type: 'text', content: text.slice(0, longestText) };
}

/** Arguments are a value or its JSON text, of any size. */
function shortened(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === undefined || text.length <= longestText ? value : text.slice(0, longestText);
}

function written(value: readonly unknown[]): string {
  return JSON.stringify(redactValue(value));
}

function textOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : redact(text);
}
