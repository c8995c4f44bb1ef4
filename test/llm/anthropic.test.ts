import { anthropic } from '../../src/llm/anthropic.ts';
import { anthropicAnswers, hello, start } from './contract/cases/anthropic-answers.ts';
import { json, keepsItsContract, sse } from './contract.ts';

const call = { kind: 'llm', model: 'claude', stream: false, repeatable: true, stateful: false } as const;
const user = { role: 'user', content: 'Wie wärs?' };
const called = { role: 'assistant', content: ['toolu_1', 'toolu_2'].map((id) => ({ type: 'tool_use', id, name: 'a', input: {} })) };
const results = { role: 'user', content: ['toolu_1', 'toolu_2'].map((id) => ({ type: 'tool_result', tool_use_id: id, content: '1' })) };
const begun = { role: 'assistant', content: 'So' };
const noted = { role: 'user', content: '[Note by the proxy Outrigger, not by the user: Same call: "x" — again.]' };
const messages = (...all: object[]) => JSON.stringify({ model: 'claude', messages: all });

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
    {
      name: 'that goes on from an earlier message',
      body: '{"model":"claude","previous_message_id":"msg_1"}',
      call: { ...call, repeatable: false, stateful: true },
    },
    { name: 'whose tools the upstream calls', body: '{"model":"claude","mcp_servers":[{}]}', call: { ...call, repeatable: false } },
    {
      name: 'of a batch',
      request: { path: '/v1/messages/batches' },
      body: '{"requests":[]}',
      call: { kind: 'other', repeatable: false, stateful: false },
    },
    { name: 'whose body is not there', call: { kind: 'llm', repeatable: false, stateful: true } },
    {
      name: 'that counts tokens',
      request: { path: '/v1/messages/count_tokens' },
      body: '{"model":"claude"}',
      call: { ...call, kind: 'other' },
    },
    { name: 'for the models', request: { method: 'GET', path: '/v1/models' }, call: { kind: 'other', repeatable: false, stateful: false } },
  ],
  answers: anthropicAnswers,
  retargets: [
    {
      name: 'with the same in its messages',
      body: '{"messages":[{"model":"claude"}],"model" : "claude","max_tokens":9}',
      model: 'claude-"2"',
      becomes: { body: '{"messages":[{"model":"claude"}],"model" : "claude-\\"2\\"","max_tokens":9}' },
    },
    { name: 'that names none', body: '{"messages":[]}', model: 'x', becomes: undefined },
    {
      name: 'whose body is signed',
      request: { headers: ['Content-Digest', 'x'] },
      body: '{"model":"claude"}',
      model: 'x',
      becomes: undefined,
    },
  ],
  hints: [
    { name: 'with one question', body: messages(user), becomes: { model: 'claude', messages: [user, noted] } },
    {
      name: 'with the results of tools, behind all of them',
      body: messages(user, called, results),
      becomes: { model: 'claude', messages: [user, called, results, noted] },
    },
    {
      name: 'with the beginning of the answer, before it',
      body: messages(user, called, results, begun),
      becomes: { model: 'claude', messages: [user, called, results, noted, begun] },
    },
    { name: 'without messages', body: '{"model":"claude"}', becomes: undefined },
    { name: 'with no message of its own', body: messages(begun), becomes: undefined },
    { name: 'whose body cannot be read', body: '{"messages":[', becomes: undefined },
    { name: 'that counts tokens', request: { path: '/v1/messages/count_tokens' }, body: messages(user), becomes: undefined },
  ],
  codeOf: (refusal) => (refusal as { error: { details: { error_code: unknown } } }).error.details.error_code,
  breakOff: { headers: sse, begun: start + hello },
  speaks: [call, { ...call, stream: true }],
});
