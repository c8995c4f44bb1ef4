import { describe, expect, test } from 'vitest';
import type { DialectName } from '../../../src/core/dialect.ts';
import { readConversation } from '../../../src/llm/conversation/read-conversation.ts';
import { markedNote } from '../../../src/llm/note.ts';

function read(dialect: DialectName, body: unknown, api?: string, headers: string[] = []) {
  const call = { kind: 'llm' as const, repeatable: true, stateful: false, ...(api !== undefined && { api }) };
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readConversation(dialect, call, { method: 'POST', path: '/', headers }, bytes);
}

const called = (id: string, given: unknown = '{"city":"Bern"}') => ({
  kind: 'assistant',
  text: 'Let me look.',
  calls: [{ id, tool: 'weather', arguments: given }],
});
const result = (call: string, error = false) => ({ kind: 'result', call, text: 'rain', error });
const hello = { kind: 'user', text: 'hello' };

describe('the same conversation is read from', () => {
  test('a chat completion', () => {
    const messages = [
      { role: 'system', content: 'be good' },
      { role: 'developer', content: [{ type: 'text', text: 'and short' }] },
      { role: 'user', content: 'hello' },
      {
        role: 'assistant',
        content: 'Let me look.',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'rain' }] },
    ];
    expect(read('openai', { messages }, 'chat')).toEqual({
      ...{ instructions: 'be good\nand short', hasTools: true, continuable: false },
      turns: [hello, called('c1'), result('c1')],
    });
  });

  test('the old function_call, whose result goes by the name', () => {
    const messages = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'Let me look.', function_call: { name: 'weather', arguments: '{"city":"Bern"}' } },
      { role: 'function', name: 'weather', content: 'rain' },
    ];
    expect(read('openai', { messages, functions: [{ name: 'weather' }] }, 'chat')?.turns).toEqual([
      hello,
      called('weather'),
      result('weather'),
    ]);
  });

  test('items of the responses interface', () => {
    const input = [
      { role: 'user', content: 'hello' },
      { type: 'reasoning', summary: [] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Let me look.' }] },
      { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'rain' },
    ];
    expect(read('openai', { input, instructions: 'be good', tools: [{}] }, 'responses')).toMatchObject({
      ...{ instructions: 'be good', hasTools: true, continuable: false },
      turns: [hello, called('c1'), result('c1')],
    });
  });

  test('messages of Anthropic, with its error mark and without its reminders', () => {
    const reminder = { type: 'text', text: '<system-reminder>look at the list</system-reminder>' };
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'hello' }, reminder] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'Let me look.' },
          { type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Bern' } },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'c1', is_error: true, content: [{ type: 'text', text: 'rain' }] }, reminder],
      },
    ];
    expect(read('anthropic', { system: [{ type: 'text', text: 'be good' }], messages })).toEqual({
      ...{ instructions: 'be good', hasTools: true, continuable: false },
      turns: [hello, called('c1', { city: 'Bern' }), result('c1', true)],
    });
  });

  test('contents of Gemini, which has no ids', () => {
    const contents = [
      { role: 'user', parts: [{ text: 'hello' }] },
      {
        role: 'model',
        parts: [{ text: 'hm', thought: true }, { text: 'Let me look.' }, { functionCall: { name: 'weather', args: { city: 'Bern' } } }],
      },
      { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'rain' } } }] },
    ];
    const turns = read('gemini', { systemInstruction: { parts: [{ text: 'be good' }] }, contents })?.turns;
    expect(turns).toEqual([hello, called('weather', { city: 'Bern' }), { ...result('weather'), text: '{"output":"rain"}' }]);
  });

  test('messages of Ollama, whose results go by the name', () => {
    const messages = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'Let me look.', tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }] },
      { role: 'tool', tool_name: 'weather', content: 'rain' },
    ];
    expect(read('ollama', { messages })?.turns).toEqual([hello, called('', { city: 'Bern' }), result('weather')]);
  });
});

test('calls beside each other are one turn, in whatever items they come', () => {
  const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'weather', arguments: '{}' });
  const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: 'rain' });
  const turns = read(
    'openai',
    { input: [{ role: 'user', content: 'hello' }, call('a'), call('b'), output('a'), output('b')] },
    'responses',
  )?.turns;
  expect(turns?.map(({ kind }) => kind)).toEqual(['user', 'assistant', 'result', 'result']);
});

test('images and files are told apart, in results and in what the user says', () => {
  const shot = (data: string) =>
    read('anthropic', {
      messages: [
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'image', source: { type: 'base64', data } }] }],
        },
      ],
    })?.turns[0];
  const [one, other] = ['A'.repeat(5000), `${'A'.repeat(4999)}B`].map(shot);
  expect(one).not.toEqual(other);
  expect(one).toEqual(shot('A'.repeat(5000)));
  expect(JSON.stringify(one).length).toBeLessThan(200);
  const url = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
  expect(read('openai', { messages: [{ role: 'user', content: [url] }] }, 'chat')?.turns).toHaveLength(1);
});

test('a note of a proxy’s is no word of the user’s', () => {
  const messages = [
    { role: 'user', content: 'hello' },
    { role: 'user', content: markedNote('you go in circles') },
  ];
  expect(read('openai', { messages }, 'chat')?.turns).toEqual([hello]);
  expect(read('anthropic', { messages })?.turns).toEqual([hello]);
});

test.each([
  [{ input: 'hello' }, undefined, true],
  [{ input: 'hello', store: false }, undefined, false],
  [{ input: 'hello', previous_response_id: 'r1' }, 'r1', true],
  [{ input: 'hello', conversation: { id: 'conv_1' } }, 'conv_1', true],
  [
    {
      input: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
    },
    undefined,
    false,
  ],
])('%j continues %j, and may be continued: %j', (body, continues, continuable) => {
  const { continues: named, continuable: may } = read('openai', body, 'responses') ?? {};
  expect([named, may]).toEqual([continues, continuable]);
});

test.each([
  ['a body that is no JSON', read('openai', '{"messages":[', 'chat')],
  ['a body that is encoded', read('openai', { messages: [] }, 'chat', ['content-encoding', 'gzip'])],
  ['an interface without a conversation', read('openai', { input: 'x' }, 'embeddings')],
  ['plain HTTP', read('http', {})],
])('%s tells of none', (_, conversation) => {
  expect(conversation).toBeUndefined();
});

test.each(['openai', 'anthropic', 'gemini', 'ollama'] as const)('what is no conversation by its format leaves nothing, %s', (dialect) => {
  for (const odd of [null, 7, 'x', [null, 7, { role: 7 }], [{ role: 'assistant', content: { text: 7 }, tool_calls: 'x', parts: 4 }]]) {
    const body = { messages: odd, contents: odd, input: odd, system: odd, tools: odd };
    expect(read(dialect, body, 'chat')?.turns.filter(({ kind }) => kind !== 'assistant')).toEqual([]);
    if (dialect === 'openai') expect(read(dialect, body, 'responses')).toBeDefined();
  }
});
