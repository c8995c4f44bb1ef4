import type { Call, DialectName } from '../src/core/dialect.ts';
import { dialectFor } from '../src/llm/dialects.ts';
import type { Trajectory } from './trajectories.ts';

/** A wire format in which the requests of a run are written. */
export interface BodyFormat {
  readonly name: string;
  readonly dialect: DialectName;
  /** Of the interface that takes them. */
  readonly path: string;
  /** The body of the request that follows `steps`. */
  body(run: string, steps: readonly Step[]): object;
}

type Step = Trajectory['steps'][number];

const system = 'You are an agent. Use your tools until the task is done.';
const task = (run: string) => `Do the task ${run}.`;

/** The formats in which every run is replayed. */
export const bodyFormats: readonly BodyFormat[] = [
  {
    name: 'openai-chat',
    dialect: 'openai',
    path: '/v1/chat/completions',
    body: (run, steps) => ({
      model: 'm',
      tools: [{ type: 'function', function: { name: 'shell' } }],
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: task(run) },
        ...steps.flatMap((step, index) => {
          const { tool, input } = callOf(step.action);
          const call = { id: idOf(run, index), type: 'function', function: { name: tool, arguments: JSON.stringify(input) } };
          return [
            { role: 'assistant', content: step.thought ?? null, tool_calls: [call] },
            { role: 'tool', tool_call_id: call.id, content: step.result },
          ];
        }),
      ],
    }),
  },
  {
    name: 'openai-responses',
    dialect: 'openai',
    path: '/v1/responses',
    body: (run, steps) => ({
      model: 'm',
      instructions: system,
      tools: [{ type: 'function', name: 'shell' }],
      input: [
        { role: 'user', content: task(run) },
        ...steps.flatMap((step, index) => {
          const { tool, input } = callOf(step.action);
          const id = idOf(run, index);
          return [
            ...(step.thought ? [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: step.thought }] }] : []),
            { type: 'function_call', call_id: id, name: tool, arguments: JSON.stringify(input) },
            { type: 'function_call_output', call_id: id, output: step.result },
          ];
        }),
      ],
    }),
  },
  {
    name: 'anthropic',
    dialect: 'anthropic',
    path: '/v1/messages',
    body: (run, steps) => ({
      model: 'm',
      max_tokens: 1024,
      system,
      tools: [{ name: 'shell', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: task(run) },
        ...steps.flatMap((step, index) => {
          const { tool, input } = callOf(step.action);
          const id = idOf(run, index);
          const thought = step.thought ? [{ type: 'text', text: step.thought }] : [];
          return [
            { role: 'assistant', content: [...thought, { type: 'tool_use', id, name: tool, input }] },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: step.result }] },
          ];
        }),
      ],
    }),
  },
  {
    name: 'text in chats',
    dialect: 'openai',
    path: '/v1/chat/completions',
    body: (run, steps) => ({
      model: 'm',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: task(run) },
        ...steps.flatMap((step) => {
          const { tool, input } = callOf(step.action);
          const said = `Thought: ${step.thought ?? ''}\nAction: ${tool}\nAction Input: ${JSON.stringify(input)}`;
          return [
            { role: 'assistant', content: said },
            { role: 'user', content: `Observation: ${step.result}` },
          ];
        }),
      ],
    }),
  },
];

/** What a request with such a body is, as all policies have it told. */
export function describeBody({ dialect, path }: BodyFormat, body: Uint8Array): Call {
  const request = { method: 'POST', path, headers: [] };
  return dialectFor(dialect, request).describe(request, body);
}

/** Runs write their actions as a command, or as a tool's name with its arguments as JSON. */
function callOf(action: string): { tool: string; input: object } {
  const [, tool, text] = /^(\w+) (\{.*\})$/su.exec(action) ?? [];
  try {
    if (tool !== undefined && text !== undefined) return { tool, input: JSON.parse(text) as object };
  } catch {
    // Not JSON after all: a command.
  }
  return { tool: 'shell', input: { command: action } };
}

function idOf(run: string, index: number): string {
  return `call_${Buffer.from(`${run}#${index}`).toString('base64url').slice(-24)}${index}x`;
}
