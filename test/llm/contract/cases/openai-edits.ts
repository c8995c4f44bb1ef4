import { markedNote } from '../../../../src/llm/note.ts';
import type { HintCase, RetargetCase } from '../cases.ts';
import { responses } from './openai-frames.ts';

/** Calls that are to go to another model. */
export const openaiRetargets: readonly RetargetCase[] = [
  {
    name: 'of a chat',
    body: '{ "messages" : [{"model":"a"}],\n "model" : "a", "n":1.0e0}',
    model: 'lla"ma ß',
    becomes: { body: '{ "messages" : [{"model":"a"}],\n "model" : "lla\\"ma ß", "n":1.0e0}' },
  },
  {
    name: 'of a response',
    request: responses,
    body: '{"input":"\\"model\\":\\"x\\"","model":"a"}',
    model: 'b',
    becomes: { body: '{"input":"\\"model\\":\\"x\\"","model":"b"}' },
  },
  {
    name: 'of embeddings',
    request: { path: '/v1/embeddings' },
    body: '{"model":"a","input":["é"]}',
    model: 'b',
    becomes: { body: '{"model":"b","input":["é"]}' },
  },
  { name: 'that names two', body: '{"model":"a","model":"b"}', model: 'c', becomes: undefined },
];

const text = 'Same call: "x" — again.';
const note = { role: 'user', content: markedNote(text) };
const chat = (...messages: object[]) => ({ model: 'm', messages });
const response = (...input: object[]) => ({ model: 'm', input });
const hi = { role: 'user', content: 'hi' };
const asks = { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] };
const tells = { role: 'tool', tool_call_id: 'c1', content: '7' };
const call = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' };
const output = { type: 'function_call_output', call_id: 'c1', output: '7' };
const hint = (name: string, before: object, becomes: unknown, request = {}): HintCase => ({
  name,
  request,
  text,
  body: JSON.stringify(before),
  becomes,
});

/** Calls that are to carry a note. */
export const openaiHints: readonly HintCase[] = [
  hint('of a chat', chat(hi), chat(hi, note)),
  hint('of a chat, behind the result of a tool call', chat(hi, asks, tells), chat(hi, asks, tells, note)),
  hint('of a chat, before a tool call without its result', chat(hi, asks), chat(hi, note, asks)),
  hint('of a chat without a message', chat(), undefined),
  hint('of a response', response(hi), response(hi, note), responses),
  hint(
    'of a response whose input is a string',
    { input: 'h"i', model: 'm' },
    { ...response({ role: 'user', content: 'h"i' }, note) },
    responses,
  ),
  hint('of a response, behind the output of a call', response(hi, call, output), response(hi, call, output, note), responses),
  hint('of a response, behind an output alone', response(output), response(output, note), responses),
  hint('of a response, before a call without its output', response(hi, call), response(hi, note, call), responses),
  hint(
    'of a response, before what the model has begun to say',
    response(hi, { role: 'assistant', content: 'Well' }),
    response(hi, note, { role: 'assistant', content: 'Well' }),
    responses,
  ),
  hint('of a response without input', { model: 'm', prompt: { id: 'pmpt_1' } }, undefined, responses),
  hint('of embeddings', { model: 'm', input: 'hi' }, undefined, { path: '/v1/embeddings' }),
  hint('of the old completions', { model: 'm', prompt: 'hi' }, undefined, { path: '/v1/completions' }),
  hint('that is compressed', chat(hi), undefined, { headers: ['Content-Encoding', 'gzip'] }),
];
