import type Anthropic from '@anthropic-ai/sdk';
import type { Content, Part } from '@google/genai';
import type { Message } from 'ollama';
import type OpenAI from 'openai';
import { anthropicAt } from '../clients/anthropic.ts';
import { geminiAt } from '../clients/gemini.ts';
import { ollamaAt } from '../clients/ollama.ts';
import { openaiAt } from '../clients/openai.ts';

export interface Step {
  readonly tool?: string;
  readonly input: unknown;
  readonly result: string;
  readonly thought?: string;
  /** The call goes beside that of the next step. */
  readonly beside?: boolean;
}

export const step = (input: unknown, result: string, more: Partial<Step> = {}): Step => ({ input, result, ...more });

/** An agent that takes the steps it is given and tells the model of each, by a real SDK. */
export interface TestAgent {
  /** What came of the request: `ok`, or the status of the error. */
  take(...steps: Step[]): Promise<'ok' | number>;
  say(text: string): Promise<'ok' | number>;
  /** The request before once more. */
  again(): Promise<'ok' | number>;
}

export interface AgentOptions {
  key?: string;
  headers?: Record<string, string>;
  task?: string;
  maxRetries?: number;
}

let ids = 0;

async function outcome(call: PromiseLike<unknown>): Promise<'ok' | number> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    const { status, status_code: code } = error as { status?: number; status_code?: number };
    return status ?? code ?? -1;
  }
}

/** By OpenAI's chat completions. */
export function chatAgent(
  url: string,
  { key = 'sk-test', headers = {}, task = 'Do it.', maxRetries = 0 }: AgentOptions = {},
): TestAgent & { moveTo(url: string): void } {
  const client = openaiAt({ url }, { apiKey: key, defaultHeaders: headers, maxRetries });
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: task }];
  const ask = () =>
    outcome(client.chat.completions.create({ model: 'gpt-x', messages, tools: [{ type: 'function', function: { name: 'shell' } }] }));
  return {
    again: ask,
    moveTo(other) {
      client.baseURL = `${other}/v1`;
    },
    take(...steps) {
      const calls = steps.map(({ tool = 'shell', input }) => {
        ids += 1;
        return {
          id: `call_${ids}x`,
          type: 'function' as const,
          function: { name: tool, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
        };
      });
      messages.push({ role: 'assistant', content: steps[0]?.thought ?? null, tool_calls: calls });
      for (const [at, { result }] of steps.entries()) messages.push({ role: 'tool', tool_call_id: calls[at]!.id, content: result });
      return ask();
    },
    say(text) {
      messages.push({ role: 'user', content: text });
      return ask();
    },
  };
}

/** By OpenAI's responses. */
function responsesAgent(url: string, { key = 'sk-test', headers = {}, task = 'Do it.', maxRetries = 0 }: AgentOptions = {}): TestAgent {
  const client = openaiAt({ url }, { apiKey: key, defaultHeaders: headers, maxRetries });
  const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: task }];
  const ask = () => outcome(client.responses.create({ model: 'gpt-x', input }));
  return {
    again: ask,
    take(...steps) {
      const calls = steps.map(({ tool = 'shell', input: given }) => {
        ids += 1;
        return {
          type: 'function_call' as const,
          call_id: `call_${ids}x`,
          name: tool,
          arguments: typeof given === 'string' ? given : JSON.stringify(given),
        };
      });
      const thought = steps[0]?.thought;
      if (thought) input.push({ role: 'assistant', content: thought });
      input.push(...calls);
      for (const [at, { result }] of steps.entries())
        input.push({ type: 'function_call_output', call_id: calls[at]!.call_id, output: result });
      return ask();
    },
    say(text) {
      input.push({ role: 'user', content: text });
      return ask();
    },
  };
}

/** By Anthropic's messages. */
function anthropicAgent(url: string, { key = 'sk-test', headers = {}, task = 'Do it.', maxRetries = 0 }: AgentOptions = {}): TestAgent {
  const client = anthropicAt({ url }, { apiKey: key, defaultHeaders: headers, maxRetries });
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: task }];
  const ask = () => outcome(client.messages.create({ model: 'claude-x', max_tokens: 100, messages }));
  return {
    again: ask,
    take(...steps) {
      const calls = steps.map(({ tool = 'shell', input }) => {
        ids += 1;
        return { type: 'tool_use' as const, id: `toolu_${ids}x`, name: tool, input: typeof input === 'string' ? JSON.parse(input) : input };
      });
      const thought = steps[0]?.thought;
      messages.push({ role: 'assistant', content: [...(thought ? [{ type: 'text' as const, text: thought }] : []), ...calls] });
      messages.push({
        role: 'user',
        content: steps.map(({ result }, at) => ({ type: 'tool_result', tool_use_id: calls[at]!.id, content: result })),
      });
      return ask();
    },
    say(text) {
      messages.push({ role: 'user', content: text });
      return ask();
    },
  };
}

/** By Gemini's generateContent, whose calls have no ids. */
function geminiAgent(url: string, { headers = {}, task = 'Do it.' }: AgentOptions = {}): TestAgent {
  const client = geminiAt({ url }, { headers: { 'x-request-id': 'req-1', ...headers } });
  const contents: Content[] = [{ role: 'user', parts: [{ text: task }] }];
  const ask = () => outcome(client.models.generateContent({ model: 'gemini-x', contents }));
  return {
    again: ask,
    take(...steps) {
      const calls = steps.map(({ tool = 'shell', input }): Part => ({ functionCall: { name: tool, args: objectOf(input) } }));
      const thought = steps[0]?.thought;
      contents.push({ role: 'model', parts: [...(thought ? [{ text: thought }] : []), ...calls] });
      contents.push({
        role: 'user',
        parts: steps.map(({ tool = 'shell', result }) => ({ functionResponse: { name: tool, response: { output: result } } })),
      });
      return ask();
    },
    say(text) {
      contents.push({ role: 'user', parts: [{ text }] });
      return ask();
    },
  };
}

/** By Ollama's chat, whose calls have no ids either. */
function ollamaAgent(url: string, { headers = {}, task = 'Do it.' }: AgentOptions = {}): TestAgent {
  const client = ollamaAt({ url }, headers);
  const messages: Message[] = [{ role: 'user', content: task }];
  const ask = () => outcome(client.chat({ model: 'llama-x', messages }));
  return {
    again: ask,
    take(...steps) {
      const calls = steps.map(({ tool = 'shell', input }) => ({ function: { name: tool, arguments: objectOf(input) } }));
      messages.push({ role: 'assistant', content: steps[0]?.thought ?? '', tool_calls: calls });
      for (const { tool = 'shell', result } of steps) messages.push({ role: 'tool', content: result, tool_name: tool });
      return ask();
    },
    say(text) {
      messages.push({ role: 'user', content: text });
      return ask();
    },
  };
}

/** An agent whose protocol is text: `write` makes an answer of steps, and what comes of them is said as by a user. */
function textAgent(write: (step: Step) => string) {
  return (url: string, { key = 'sk-test', headers = {}, task = 'Do it.', maxRetries = 0 }: AgentOptions = {}): TestAgent => {
    const client = openaiAt({ url }, { apiKey: key, defaultHeaders: headers, maxRetries });
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: task }];
    const ask = () => outcome(client.chat.completions.create({ model: 'gpt-x', messages }));
    return {
      again: ask,
      take(...steps) {
        messages.push({ role: 'assistant', content: steps.map(write).join('\n') });
        messages.push({ role: 'user', content: `Observation: ${steps.map(({ result }) => result).join('\n')}` });
        return ask();
      },
      say(text) {
        messages.push({ role: 'user', content: text });
        return ask();
      },
    };
  };
}

const wordsOf = (input: unknown) => (typeof input === 'string' ? input : JSON.stringify(input));
const objectOf = (input: unknown) => (typeof input === 'string' ? JSON.parse(input) : input) as Record<string, unknown>;

const reActAgent = textAgent(
  ({ tool = 'shell', input, thought = 'Let me see.' }) => `Thought: ${thought}\nAction: ${tool}\nAction Input: ${wordsOf(input)}`,
);
const blockAgent = textAgent(
  ({ tool, input, thought = 'Let me see.' }) => `${thought}\n\`\`\`\n${tool === undefined ? '' : `${tool} `}${wordsOf(input)}\n\`\`\``,
);

/** What real clients send, with the wire format that it is in. */
export const clients = [
  ['OpenAI chat', 'openai', chatAgent],
  ['OpenAI responses', 'openai', responsesAgent],
  ['Anthropic', 'anthropic', anthropicAgent],
  ['Gemini', 'gemini', geminiAgent],
  ['Ollama', 'ollama', ollamaAgent],
  ['Action and Observation in words', 'openai', reActAgent],
  ['commands in blocks of code', 'openai', blockAgent],
] as const;
