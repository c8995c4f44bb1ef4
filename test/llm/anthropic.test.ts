import { anthropic } from '../../src/llm/anthropic.ts';
import { json, keepsItsContract, sse } from './contract.ts';

const frame = (type: string, fields: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const start = frame('message_start', {
  message: {
    type: 'message',
    content: [],
    usage: { input_tokens: 7, cache_read_input_tokens: 90, cache_creation_input_tokens: 3, output_tokens: 1 },
  },
});
const block = frame('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
const ping = frame('ping');
const hello = frame('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hé "error"' } });
const blockEnd = frame('content_block_stop', { index: 0 });
const delta = (reason: string) =>
  frame('message_delta', {
    delta: { stop_reason: reason },
    usage: { output_tokens: 50, input_tokens: null, output_tokens_details: { thinking_tokens: 20 } },
  });
const stop = frame('message_stop');
const error = (type: string) => frame('error', { error: { type, message: 'no' } });
const usage = { input: 7, output: 30, cacheRead: 90, cacheWrite: 3, reasoning: 20 };
const begun = { input: 7, output: 1, cacheRead: 90, cacheWrite: 3, reasoning: 0 };
const message = (reason: string) =>
  JSON.stringify({
    type: 'message',
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: reason,
    usage: { input_tokens: 7, output_tokens: 30, cache_read_input_tokens: 0, cache_creation_input_tokens: null },
  });
const call = { kind: 'llm', model: 'claude', stream: false, repeatable: true, stateful: false } as const;
const wholeUsage = { input: 7, output: 30, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

keepsItsContract({
  dialect: anthropic,
  request: { method: 'POST', path: '/v1/messages?beta=true', headers: json },
  calls: [
    { name: 'of a message', body: '{"model":"claude","messages":[]}', call },
    { name: 'of a stream', body: '{"model":"claude","stream":true,"thread":null}', call: { ...call, stream: true } },
    { name: 'with temperature 0', body: '{"model":"claude","temperature":0}', call: { ...call, deterministic: true } },
    { name: 'with temperature 0.1', body: '{"model":"claude","temperature":0.1}', call },
    { name: 'with two temperatures', body: '{"model":"claude","temperature":0,"temperature":1}', call },
    { name: 'with a temperature in words', body: '{"model":"claude","temperature":"0"}', call },
    { name: 'of a thread', body: '{"model":"claude","thread":{"type":"continue"}}', call: { ...call, repeatable: false, stateful: true } },
    { name: 'of a container', body: '{"model":"claude","container":"c1"}', call: { ...call, repeatable: false, stateful: true } },
    { name: 'whose body is not there', call: { kind: 'llm', repeatable: false, stateful: true } },
    {
      name: 'that counts tokens',
      request: { path: '/v1/messages/count_tokens' },
      body: '{"model":"claude"}',
      call: { ...call, kind: 'other' },
    },
    { name: 'for the models', request: { method: 'GET', path: '/v1/models' }, call: { kind: 'other', repeatable: false, stateful: false } },
  ],
  answers: [
    { name: 'with a message', body: message('end_turn'), verdict: 'ok', complete: true, usage: wholeUsage },
    { name: 'with a refusal', body: message('refusal'), verdict: 'content-filter', complete: true, usage: wholeUsage },
    {
      name: 'that filled the window',
      body: message('model_context_window_exceeded'),
      verdict: 'context-length',
      complete: true,
      usage: wholeUsage,
    },
    {
      name: 'with an error inside a 200',
      body: '{"type":"error","error":{"type":"overloaded_error","message":""}}',
      verdict: 'overloaded',
      complete: true,
    },
    { name: '529', status: 529, body: '{"type":"error","error":{"type":"overloaded_error"}}', verdict: 'overloaded', complete: true },
    { name: '402', status: 402, body: '{"type":"error","error":{"type":"billing_error"}}', verdict: 'quota-exhausted', complete: true },
    {
      name: '429 of a spend limit',
      status: 429,
      body: '{"type":"error","error":{"type":"rate_limit_error","details":{"error_code":"contract_spend_limit_reached"}}}',
      verdict: 'quota-exhausted',
      complete: true,
    },
    { name: '504', status: 504, body: '{"type":"error","error":{"type":"timeout_error"}}', verdict: 'server-error', complete: true },
    {
      name: 'streamed to its end',
      headers: sse,
      body: start + block + ping + hello + hello + blockEnd + delta('end_turn') + stop,
      verdict: 'ok',
      complete: true,
      usage,
      meaningful: 3,
      judgedAfter: start + block + ping + hello,
    },
    {
      name: 'streamed without event names',
      headers: sse,
      body: (start + hello + delta('end_turn') + stop).replaceAll(/event: .*\n/g, ''),
      verdict: 'ok',
      complete: true,
      usage,
      judgedAfter: (start + hello).replaceAll(/event: .*\n/g, ''),
    },
    {
      name: 'streamed as an overload',
      headers: sse,
      body: error('overloaded_error'),
      verdict: 'overloaded',
      complete: false,
      judgedAfter: error('overloaded_error'),
    },
    {
      name: 'streamed as a start and an overload',
      headers: sse,
      body: start + error('overloaded_error'),
      verdict: 'overloaded',
      complete: false,
      usage: begun,
      judgedAfter: start + error('overloaded_error'),
    },
    {
      name: 'streamed with an error behind content',
      headers: sse,
      body: start + hello + error('api_error'),
      verdict: 'server-error',
      complete: false,
      usage: begun,
      judgedAfter: start + hello,
    },
    {
      name: 'streamed as a refusal',
      headers: sse,
      body: start + hello + delta('refusal') + stop,
      verdict: 'content-filter',
      complete: true,
      usage,
      judgedAfter: start + hello,
    },
    {
      name: 'streamed without its end mark',
      headers: sse,
      body: start + hello + delta('end_turn'),
      verdict: 'network',
      complete: false,
      usage,
      judgedAfter: start + hello,
    },
    { name: 'streamed without any content', headers: sse, body: start + block + ping, verdict: 'network', complete: false, usage: begun },
  ],
  codeOf: (refusal) => (refusal as { error: { details: { error_code: unknown } } }).error.details.error_code,
  breakOff: { headers: sse, begun: start + hello },
  speaks: [call, { ...call, stream: true }],
});
