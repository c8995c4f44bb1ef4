import { describe, expect, it } from 'vitest';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';

const post = (path: string) => ({ method: 'POST', path, headers: [] });
const chat = post('/v1/chat/completions');
const responses = post('/v1/responses');
const messages = post('/v1/messages');
const generate = post('/v1beta/models/gemini-x:generateContent');
const ollamaChat = post('/api/chat');
const ollamaGenerate = post('/api/generate');

const schema = { type: 'object', properties: { city: { type: 'string' } } };
const tools = (named: Record<string, unknown>) => new Map(Object.entries(named));
const none = { json: false, schema: undefined, tools: new Map() };

describe('what is asked for', () => {
  it.each([
    ['of a chat', openai, chat, { response_format: { type: 'json_object' } }, { ...none, json: true }],
    [
      'of a chat by a schema',
      openai,
      chat,
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } },
      { ...none, json: true, schema },
    ],
    [
      'of the tools of a chat',
      openai,
      chat,
      {
        tools: [
          { type: 'function', function: { name: 'f', parameters: schema } },
          { type: 'custom', custom: { name: 'c' } },
        ],
      },
      { ...none, tools: tools({ f: schema }) },
    ],
    ['of a response', openai, responses, { text: { format: { type: 'json_schema', name: 'a', schema } } }, { ...none, json: true, schema }],
    [
      'of the tools of a response',
      openai,
      responses,
      { tools: [{ type: 'function', name: 'f', parameters: schema }, { type: 'web_search' }] },
      { ...none, tools: tools({ f: schema }) },
    ],
    ['of a message', anthropic, messages, { output_config: { format: { type: 'json_schema', schema } } }, { ...none, json: true, schema }],
    [
      'of a message, as it was asked before',
      anthropic,
      messages,
      { output_format: { type: 'json_schema', schema } },
      { ...none, json: true, schema },
    ],
    [
      'of the tools of a message',
      anthropic,
      messages,
      {
        tools: [
          { name: 'f', input_schema: schema },
          { type: 'web_search_20250305', name: 'web_search' },
        ],
      },
      { ...none, tools: tools({ f: schema, web_search: undefined }) },
    ],
    [
      'of a Gemini',
      gemini,
      generate,
      { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
      { ...none, json: true, schema },
    ],
    [
      'of a Gemini in its own words',
      gemini,
      generate,
      {
        generation_config: {
          response_mime_type: 'application/json',
          response_schema: { type: 'OBJECT', properties: { nullable: { type: 'STRING', nullable: true, enum: ['A'] } } },
        },
      },
      { ...none, json: true, schema: { type: 'object', properties: { nullable: { type: ['string', 'null'], enum: ['A'] } } } },
    ],
    [
      'of the tools of a Gemini',
      gemini,
      generate,
      {
        tools: [
          {
            functionDeclarations: [
              { name: 'f', parameters: { type: 'OBJECT' } },
              { name: 'g', parametersJsonSchema: schema },
            ],
          },
        ],
      },
      { ...none, tools: tools({ f: { type: 'object' }, g: schema }) },
    ],
    ['of an Ollama', ollama, ollamaChat, { format: 'json' }, { ...none, json: true }],
    ['of an Ollama by a schema', ollama, ollamaGenerate, { format: schema }, { ...none, json: true, schema }],
    ['of a chat without a word about it', openai, chat, { response_format: { type: 'text' } }, none],
  ])('is read %s', (_, dialect, request, body, demand) => {
    expect(dialect.content!.demand(request, Buffer.from(JSON.stringify(body)))).toEqual(demand);
  });

  it('is nothing where the body cannot be read, and unknown where no model writes', () => {
    for (const body of [undefined, Buffer.from('{'), Buffer.from('[]')]) expect(openai.content!.demand(chat, body)).toEqual(none);
    expect(openai.content!.demand({ ...chat, headers: ['Content-Encoding', 'gzip'] }, Buffer.from('{"tools":[]}'))).toEqual(none);
    for (const path of ['/v1/embeddings', '/v1/files', '/v1/responses/r1/cancel'])
      expect(openai.content!.demand(post(path), undefined)).toBeUndefined();
    expect(anthropic.content!.demand(post('/v1/messages/count_tokens'), undefined)).toBeUndefined();
    expect(gemini.content!.demand(post('/v1beta/models/m:embedContent'), undefined)).toBeUndefined();
    expect(ollama.content!.demand(post('/api/embed'), undefined)).toBeUndefined();
  });
});
