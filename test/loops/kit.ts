import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import type { Sidecar } from '../../src/sidecar.ts';
import { anthropicAt } from '../clients/anthropic.ts';
import { provider } from '../clients/both-ways.ts';
import { openaiAt } from '../clients/openai.ts';
import { sidecar } from '../kit/start-sidecar.ts';

/** A directory that is gone when the test has finished. */
export function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'outrigger-loops-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A model that says `done`, whatever it is asked. */
export function model(): ReturnType<typeof provider> {
  return provider([{ match: {}, response: { content: 'done', usage: { prompt_tokens: 90, completion_tokens: 10 } } }]);
}

/** A sidecar with loop detection on its one route. */
export function watched(url: string, dialect: string, loopDetection: object, more: Record<string, unknown> = {}): Promise<Sidecar> {
  const { policy, ...rest } = more;
  return sidecar({
    state: { dir: stateDirectory() },
    upstreams: { main: { url, dialect } },
    policies: { llm: { loopDetection, ...(policy as object) } },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
    ...rest,
  });
}

export const urlOf = ({ proxy }: Sidecar) => `http://${proxy.host}:${proxy.port}`;

/** How many loops the sidecar has told of, as `kind action`. */
export async function loopsOf({ admin }: Sidecar): Promise<Record<string, number>> {
  const text = await (await fetch(`http://${admin.host}:${admin.port}/metrics`)).text();
  const found = [...text.matchAll(/^outrigger_loops_detected_total\{kind="([\w-]+)",action="(\w+)"\} (\d+)$/gm)];
  return Object.fromEntries(
    found.filter(([, , , count]) => count !== '0').map(([, kind, action, count]) => [`${kind} ${action}`, Number(count)]),
  );
}

/** Lets an agent go on, as a person does by the admin port. */
export async function resume({ admin }: Sidecar, agent: string, note = ''): Promise<number> {
  const url = `http://${admin.host}:${admin.port}/api/agents/${encodeURIComponent(agent)}/resume`;
  const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ note }) });
  return status;
}

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
    return (error as { status?: number }).status ?? -1;
  }
}

/** By OpenAI's chat completions. */
export function chatAgent(url: string, { key = 'sk-test', headers = {}, task = 'Do it.', maxRetries = 0 }: AgentOptions = {}): TestAgent {
  const client = openaiAt({ url }, { apiKey: key, defaultHeaders: headers, maxRetries });
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: task }];
  const ask = () =>
    outcome(client.chat.completions.create({ model: 'gpt-x', messages, tools: [{ type: 'function', function: { name: 'shell' } }] }));
  return {
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

export const clients = [
  ['OpenAI chat', 'openai', chatAgent],
  ['OpenAI responses', 'openai', responsesAgent],
  ['Anthropic', 'anthropic', anthropicAgent],
] as const;
