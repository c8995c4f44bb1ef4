import { asObject, type JsonObject } from '../../json-object.ts';
import { parseExactJson } from '../exact-json.ts';
import { Reading } from '../reading.ts';
import { stopReason } from '../stop-reasons.ts';
import { messagesUsage } from '../usage.ts';

/** What an answer may hold of a chat's that says nothing: clients and servers write it all the same. */
export function withoutContent(said: Reading): void {
  said.only('annotations', []);
  said.only('audio');
  said.only('function_call');
}

/** A chat completion as a message. Throws `Untranslatable` where it holds what a message has no place for. */
export function messagesAnswer(completion: JsonObject): JsonObject {
  const from = new Reading(completion, '');
  const choices = from.list('choices') ?? [];
  if (choices.length !== 1) from.refuse('choices', `are ${choices.length}`);
  const choice = new Reading(choices[0], 'choices[0]');
  const said = new Reading(choice.take('message'), choice.at('message'));
  said.take('role');
  const texts = [said.text('content') ?? '', said.text('refusal') ?? ''];
  const calls = (said.list('tool_calls') ?? []).map((value, index) => callOf(new Reading(value, `${said.at('tool_calls')}[${index}]`)));
  withoutContent(said);
  said.end();
  const facts = { calls: calls.length > 0, refusal: texts[1] !== '' };
  return {
    id: from.text('id') ?? '',
    type: 'message',
    role: 'assistant',
    model: from.text('model') ?? '',
    content: [...texts.filter((text) => text !== '').map((text) => ({ type: 'text', text })), ...calls],
    stop_reason: stopReason(choice.take('finish_reason'), facts),
    stop_sequence: null,
    usage: messagesUsage(asObject(from.take('usage'))),
  };
}

function callOf(call: Reading): JsonObject {
  const called = new Reading(call.take('function'), call.at('function'));
  const block = { type: 'tool_use', id: call.needText('id'), name: called.needText('name'), input: inputOf(called) };
  endOfCall(call, called);
  return block;
}

/** Some servers number calls outside of streams, too; anything else, such as a signature to be sent back, has no place. */
export function endOfCall(call: Reading, called: Reading): void {
  call.only('type', 'function');
  call.take('index');
  call.end();
  called.end();
}

function inputOf(called: Reading): JsonObject {
  const text = called.text('arguments') ?? '';
  try {
    // Some servers write nothing for a function without parameters.
    const input = text === '' ? {} : asObject(parseExactJson(text));
    if (input) return input;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return called.refuse('arguments', 'is no JSON object');
}
