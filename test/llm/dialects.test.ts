import { describe, expect, it } from 'vitest';
import { dialectNames } from '../../src/core/dialect.ts';
import { dialectFor } from '../../src/llm/dialects.ts';

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
    ['ollama', to('/api/chat', ['User-Agent', 'ollama-js/0.6.4'])],
    ['mcp', to('/mcp')],
    ['mcp', to('/tools', ['MCP-Protocol-Version', '2025-11-25'])],
    ['http', to('/api/chat')],
    ['http', to('/v1/messages')],
    ['http', to('/survey/responses')],
    ['http', to('/models', [], 'GET')],
    ['http', to('/search')],
    ['http', to('/')],
  ])('is %s by path and headers', (name, request) => {
    expect(dialectFor('auto', request).name).toBe(name);
  });

  it("is OpenAI's where an Ollama is asked for that", () => {
    expect(dialectFor('ollama', to('/v1/chat/completions')).name).toBe('openai');
    expect(dialectFor('ollama', to('/api/chat')).name).toBe('ollama');
  });
});
