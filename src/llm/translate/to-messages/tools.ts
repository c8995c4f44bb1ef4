import { asObject, type JsonObject } from '../../json-object.ts';
import { Reading } from '../reading.ts';

/** The functions of a chat request as tools, and how they are to be chosen; no members where there is nothing to say. */
export function toolsOf(from: Reading): JsonObject {
  const tools = (from.list('tools') ?? []).map((value, index) => toolOf(new Reading(value, `tools[${index}]`)));
  const choice = choiceOf(from);
  const parallel = from.flag('parallel_tool_calls') ?? true;
  if (tools.length === 0) {
    const mayCall = choice !== undefined && choice.type !== 'auto' && choice.type !== 'none';
    return mayCall ? from.refuse('tool_choice', 'without tools') : {};
  }
  const chosen = parallel || choice?.type === 'none' ? choice : { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true };
  return { tools, ...(chosen && { tool_choice: chosen }) };
}

function toolOf(tool: Reading): JsonObject {
  if (tool.text('type') !== 'function') tool.refuse('type');
  const declared = new Reading(tool.take('function'), tool.at('function'));
  const name = declared.needText('name');
  const description = declared.text('description');
  const strict = declared.flag('strict') ?? false;
  // Left out, it means a function without parameters.
  const schema = asObject(declared.take('parameters') ?? { type: 'object', properties: {} });
  if (schema?.['type'] !== 'object') return declared.refuse('parameters', 'are no schema of an object');
  tool.end();
  declared.end();
  return { name, ...(description !== undefined && { description }), input_schema: schema, ...(strict && { strict }) };
}

function choiceOf(from: Reading): { type: string; name?: string } | undefined {
  const choice = from.take('tool_choice');
  if (choice === undefined) return undefined;
  if (choice === 'auto' || choice === 'none') return { type: choice };
  if (choice === 'required') return { type: 'any' };
  const named = new Reading(choice, from.at('tool_choice'));
  if (named.text('type') !== 'function') named.refuse('type');
  const called = new Reading(named.take('function'), named.at('function'));
  const name = called.needText('name');
  named.end();
  called.end();
  return { type: 'tool', name };
}
