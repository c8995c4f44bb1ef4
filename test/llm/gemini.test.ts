import { gemini } from '../../src/llm/gemini.ts';
import { geminiAnswers, hello, stream } from './contract/cases/gemini-answers.ts';
import { json, keepsItsContract, sse } from './contract.ts';

const call = { kind: 'llm', api: 'object', model: 'gemini-3', stream: true, repeatable: true, stateful: false } as const;
const one = { path: '/v1/models/gemini-3:generateContent' };
const at = (model: string, method = 'generateContent') => ({ path: `/v1/${model}:${method}` });
const vertex = '/v1/projects/p/locations/eu/publishers/google/models/gemini-3:generateContent';
const user = (...parts: object[]) => ({ role: 'user', parts });
const noted = (...parts: object[]) => user(...parts, { text: '[Note by the proxy Outrigger, not by the user: Same call: "x" — again.]' });
const asked = user({ text: 'Wie wärs?' });
const called = { role: 'model', parts: [{ functionCall: { name: 'a' } }, { functionCall: { name: 'b' } }] };
const results = [{ functionResponse: { name: 'a', response: {} } }, { functionResponse: { name: 'b', response: {} } }];
const contents = (...turns: object[]) => JSON.stringify({ contents: turns, tools: [] });

keepsItsContract({
  dialect: gemini,
  request: { method: 'POST', path: stream, headers: json },
  calls: [
    { name: 'of a stream of events', body: '{"contents":[]}', call },
    {
      name: 'of a stream as an array',
      request: { path: '/v1/models/gemini-3:streamGenerateContent' },
      body: '{}',
      call: { ...call, api: 'array' },
    },
    { name: 'of one answer', request: one, body: '{}', call: { ...call, stream: false } },
    { name: 'of one answer on Vertex AI', request: { path: vertex }, body: '{}', call: { ...call, stream: false } },
    {
      name: 'of a tuned model',
      request: at('tunedModels/my%20own'),
      body: '{}',
      call: { ...call, model: 'my own', stream: false },
    },
    { name: 'of an endpoint', request: at('projects/p/endpoints/12'), body: '{}', call: { ...call, model: '12', stream: false } },
    { name: 'with cached content', body: '{"cachedContent":"cachedContents/1"}', call: { ...call, stateful: true } },
    { name: 'with cached content in the other spelling', body: '{"cached_content":"c"}', call: { ...call, stateful: true } },
    { name: 'whose body is not there', call: { ...call, stateful: true } },
    { name: 'with temperature 0', body: '{"generationConfig":{"temperature":0}}', call: { ...call, deterministic: true } },
    { name: 'with temperature 0 where none is read', body: '{"temperature":0}', call },
    {
      name: 'of an embedding',
      request: at('models/e', 'embedContent'),
      body: '{"content":{}}',
      call: { ...call, api: 'embed', model: 'e', stream: false, deterministic: true },
    },
    {
      name: 'of embeddings',
      request: at('models/e', 'batchEmbedContents'),
      body: '{"requests":[]}',
      call: { ...call, api: 'embed', model: 'e', stream: false, deterministic: true },
    },
    {
      name: 'that counts tokens',
      request: { path: '/v1/models/gemini-3:countTokens' },
      body: '{}',
      call: { kind: 'other', model: 'gemini-3', repeatable: true, stateful: false },
    },
    { name: 'for the models', request: { method: 'GET', path: '/v1/models' }, call: { kind: 'other', repeatable: false, stateful: false } },
    {
      name: 'that caches content',
      request: { path: '/v1beta/cachedContents' },
      body: '{"model":"models/gemini-3"}',
      call: { kind: 'other', repeatable: false, stateful: false },
    },
  ],
  answers: geminiAnswers,
  retargets: [
    {
      name: 'in its own path',
      body: '{"contents":[]}',
      model: 'gemini/4 pro',
      becomes: { path: stream.replace('gemini-3', 'gemini%2F4%20pro') },
    },
    { name: 'on Vertex AI', request: { path: vertex }, body: '{}', model: 'g', becomes: { path: vertex.replace('gemini-3', 'g') } },
    { name: 'of a tuned model', request: at('tunedModels/t'), body: '{}', model: 'g', becomes: at('models/g') },
    { name: 'of an endpoint', request: at('projects/p/endpoints/12'), body: '{}', model: 'g', becomes: undefined },
    { name: 'whose body names a model too', body: '{"model":"models/gemini-3"}', model: 'g', becomes: undefined },
    {
      name: 'of a batch, which names it many times',
      request: at('models/e', 'batchEmbedContents'),
      body: '{"requests":[]}',
      model: 'g',
      becomes: undefined,
    },
    { name: 'that cannot be read', body: '?', model: 'g', becomes: undefined },
    { name: 'that is signed', request: { headers: ['Signature', 'x'] }, body: '{}', model: 'g', becomes: undefined },
    { name: 'of no model', request: { path: '/v1/models' }, body: '{}', model: 'g', becomes: undefined },
  ],
  hints: [
    { name: 'with one question', body: contents(asked), becomes: { contents: [noted({ text: 'Wie wärs?' })], tools: [] } },
    {
      name: 'with results, beside them',
      body: contents(asked, called, user(...results)),
      becomes: { contents: [asked, called, noted(...results)], tools: [] },
    },
    {
      name: 'with the beginning of the answer, before it',
      body: contents(asked, called, user(...results), { role: 'model', parts: [{ text: 'So' }] }),
      becomes: { contents: [asked, called, noted(...results), { role: 'model', parts: [{ text: 'So' }] }], tools: [] },
    },
    {
      name: 'without roles',
      body: '{"contents":[{"parts":[{"text":"a"}]}]}',
      becomes: { contents: [{ parts: noted({ text: 'a' }).parts }] },
    },
    { name: 'with results of the old kind', body: contents(asked, called, { role: 'function', parts: results }), becomes: undefined },
    { name: 'without contents', body: '{}', becomes: undefined },
    { name: 'without parts', body: contents(user()), becomes: undefined },
    { name: 'of embeddings', request: at('models/e', 'embedContent'), body: contents(asked), becomes: undefined },
  ],
  codeOf: (refusal) => (refusal as { error: { details: { metadata: { code: unknown } }[] } }).error.details[0]!.metadata.code,
  breakOff: { headers: sse, begun: hello },
  speaks: [call, { ...call, api: 'array' }, { ...call, stream: false }],
});
