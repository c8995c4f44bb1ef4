import { describe, expect, it } from 'vitest';
import { dialectNames } from '../../src/core/dialect.ts';
import { dialectElsewhere, dialectFor } from '../../src/llm/dialects.ts';

const to = (path: string, headers: string[] = [], method = 'POST') => ({ method, path, headers });

describe('the dialect of a request', () => {
  it('is the one that is configured', () => {
    for (const name of dialectNames) expect(dialectFor(name, to('/v1/whatever')).name).toBe(name);
  });

  it.each([
    ['openai', to('/v1/chat/completions')],
    ['openai', to('/openai/deployments/x/chat/completions?api-version=1')],
    ['openai', to('/v1/responses')],
    ['openai', to('/v1/models', [], 'GET')],
    ['openai', to('/v1/images/generations')],
    ['openai', to('/v1/responses/resp_1/cancel')],
    ['anthropic', to('/v1/messages', ['anthropic-version', '2023-06-01'])],
    ['anthropic', to('/v1/models', ['Anthropic-Version', '2026-10-21'], 'GET')],
    ['gemini', to('/v1beta/models/gemini-3:streamGenerateContent?alt=sse')],
    ['gemini', to('/v1/models', ['x-goog-api-key', 'k'], 'GET')],
    ['gemini', to('/v1/projects/p/locations/eu/publishers/google/models/gemini-3:generateContent')],
    ['gemini', to('/v1/models/gemini-3:countTokens')],
    ['openai', to('/v1beta/openai/embeddings', ['x-goog-api-key', 'k'])],
    ['openai', to('/google/v1beta/openai/chat/completions')],
    ['ollama', to('/api/chat', ['User-Agent', 'ollama-js/0.6.4'])],
    ['ollama', to('/api/tags', ['User-Agent', 'ollama-python/0.5.1 (x86_64 linux)'], 'GET')],
    ['openai', to('/v1/chat/completions', ['User-Agent', 'ollama-js/0.6.4'])],
    ['mcp', to('/mcp')],
    ['mcp', to('/tools', ['MCP-Protocol-Version', '2025-11-25'])],
    ['http', to('/api/chat')],
    ['http', to('/chat', ['User-Agent', 'ollama-js/0.6.4'])],
    ['http', to('/v1/models/resnet:predict')],
    ['http', to('/v1/projects/p/locations/eu/publishers/anthropic/models/claude:streamRawPredict')],
    ['http', to('/v1/models/gemini-3:generateContent', [], 'GET')],
    ['http', to('/model/anthropic.claude/invoke')],
    ['http', to('/v1/messages')],
    ['http', to('/survey/responses')],
    ['http', to('/models', [], 'GET')],
    ['http', to('/search')],
    ['http', to('/')],
  ])('is %s by path and headers', (name, request) => {
    expect(dialectFor('auto', request).name).toBe(name);
  });

  it.each([
    ['ollama', 'openai', to('/v1/chat/completions')],
    ['ollama', 'anthropic', to('/v1/messages', ['anthropic-version', '2023-06-01'])],
    ['ollama', 'ollama', to('/api/chat')],
    ['openai', 'anthropic', to('/v1/messages', ['anthropic-version', '2023-06-01'])],
    ['openai', 'openai', to('/v1/messages')],
    ['openai', 'openai', to('/v1/models', ['anthropic-version', '2023-06-01'], 'GET')],
    ['anthropic', 'openai', to('/v1/chat/completions')],
    ['anthropic', 'anthropic', to('/v1/models', ['anthropic-version', '2023-06-01'], 'GET')],
    ['anthropic', 'anthropic', to('/v1/messages')],
    ['gemini', 'openai', to('/v1beta/openai/chat/completions')],
    ['gemini', 'gemini', to('/v1beta/models?key=k', [], 'GET')],
    ['http', 'http', to('/v1/chat/completions')],
    ['mcp', 'mcp', to('/v1/chat/completions')],
  ] as const)('of an upstream that is configured as %s is %s where the request is certainly that', (name, found, request) => {
    expect(dialectFor(name, request).name).toBe(found);
  });
});

describe('the dialect in which another upstream is asked', () => {
  const message = to('/v1/messages', ['anthropic-version', '2023-06-01']);

  it('is the one that it is configured as where there is a translation, and not what it may serve beside it', () => {
    expect(dialectElsewhere('openai', message)?.name).toBe('openai');
    expect(dialectElsewhere('anthropic', to('/v1/chat/completions'))?.name).toBe('anthropic');
  });

  it('is that of the request where the upstream serves it or takes any', () => {
    expect(dialectElsewhere('ollama', to('/v1/chat/completions'))?.name).toBe('openai');
    expect(dialectElsewhere('auto', message)).toBeUndefined();
  });
});
