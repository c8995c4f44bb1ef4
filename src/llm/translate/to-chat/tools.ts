import type { JsonObject } from '../../json-object.ts';
import { Reading } from '../reading.ts';

/** Longer names of functions are refused by OpenAI's interface. */
const longestName = 64;

/** The tools of a messages request as functions, and how they are to be chosen; no members where there is nothing to say. */
export function functionsOf(from: Reading): JsonObject {
  const tools = (from.list('tools') ?? []).map((value, index) => functionOf(new Reading(value, `tools[${index}]`)));
  const choice = choiceOf(from);
  if (tools.length === 0) {
    const mayCall = choice['tool_choice'] !== undefined && choice['tool_choice'] !== 'auto' && choice['tool_choice'] !== 'none';
    return mayCall ? from.refuse('tool_choice', 'without tools') : {};
  }
  return { tools, ...choice };
}

function functionOf(tool: Reading): JsonObject {
  // Any other type is a tool that the provider runs itself, or one that only its models know.
  tool.only('type', 'custom');
  const name = tool.needText('name');
  if (name.length > longestName) tool.refuse('name', `is longer than ${longestName}`);
  const description = tool.text('description');
  const parameters = tool.take('input_schema') ?? tool.refuse('input_schema');
  const strict = tool.flag('strict') ?? false;
  tool.only('allowed_callers', ['direct']);
  tool.only('defer_loading', false);
  tool.only('input_examples', []);
  // Only whether arguments stream before they are whole.
  tool.flag('eager_input_streaming');
  tool.end();
  const declared = { name, ...(description !== undefined && { description }), parameters, ...(strict && { strict }) };
  return { type: 'function', function: declared };
}

function choiceOf(from: Reading): JsonObject {
  const written = from.take('tool_choice');
  if (written === undefined) return {};
  const choice = new Reading(written, from.at('tool_choice'));
  const serial = choice.flag('disable_parallel_tool_use') ?? false;
  const chosen = chosenBy(choice);
  choice.end();
  return { tool_choice: chosen, ...(serial && { parallel_tool_calls: false }) };
}

function chosenBy(choice: Reading): unknown {
  const type = choice.text('type');
  if (type === 'auto' || type === 'none') return type;
  if (type === 'any') return 'required';
  if (type === 'tool') return { type: 'function', function: { name: choice.needText('name') } };
  return choice.refuse('type', String(type));
}
