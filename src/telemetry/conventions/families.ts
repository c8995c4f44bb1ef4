import { callBounds, type FamilyFacts } from '../family-facts.ts';

const modelBounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] as const;
const tokenBounds = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304] as const;
const firstTokenBounds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60] as const;
const perTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5] as const;
const messageBounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

const model = ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.request.model', 'server.address', 'server.port'] as const;
const served = ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.request.model'] as const;
const message = ['mcp.method.name', 'gen_ai.tool.name', 'error.type'] as const;

/** OpenTelemetry's stable conventions for HTTP, and those for MCP of v1.41, which the repository of GenAI has taken over. */
export const common = {
  httpServer: seconds(
    'http.server.request.duration',
    'Requests of agents, from their start to the end of the answer.',
    ['http.request.method', 'http.route', 'http.response.status_code', 'url.scheme', 'error.type'],
    callBounds,
  ),
  httpClient: seconds(
    'http.client.request.duration',
    'Requests to upstreams, from their start to the end of the answer.',
    ['http.request.method', 'server.address', 'server.port', 'http.response.status_code', 'error.type'],
    callBounds,
  ),
  genAiServer: seconds(
    'gen_ai.server.request.duration',
    'Calls of models, as their agents saw them.',
    [...served, 'error.type'],
    modelBounds,
  ),
  genAiFirstToken: seconds(
    'gen_ai.server.time_to_first_token',
    'To the first content of a stream, as its agent saw it.',
    served,
    firstTokenBounds,
  ),
  genAiPerToken: seconds(
    'gen_ai.server.time_per_output_token',
    'For each token behind the first content of a stream.',
    served,
    perTokenBounds,
  ),
  mcpClient: seconds('mcp.client.operation.duration', 'Messages to MCP servers.', message, messageBounds),
  mcpServer: seconds('mcp.server.operation.duration', 'Messages to MCP servers, as their agents saw them.', message, messageBounds),
} as const;

/** Of GenAI, as v1.41 of the conventions has them and as most dashboards ask for them. */
export const genAiV141 = {
  duration: seconds('gen_ai.client.operation.duration', 'Attempts at a model.', [...model, 'error.type'], modelBounds),
  firstChunk: seconds('gen_ai.client.operation.time_to_first_chunk', 'To the first content of a stream.', model, modelBounds),
  tokens: {
    name: 'gen_ai.client.token.usage',
    type: 'histogram',
    unit: '{token}',
    help: 'Tokens of an attempt, those of caches and of reasoning included.',
    labels: [...model, 'gen_ai.token.type'],
    bounds: tokenBounds,
  },
} as const satisfies Record<string, FamilyFacts>;

/** Of GenAI, as the repository has them that the conventions have moved to. */
export const genAiLatest = {
  duration: seconds('gen_ai.client.inference.duration', 'Attempts at a model.', [...model, 'error.type'], modelBounds),
  firstChunk: seconds('gen_ai.client.inference.time_to_first_chunk', 'To the first content of a stream.', model, modelBounds),
  inputTokens: tokenSum('input_tokens', 'Input tokens, those of caches included.'),
  outputTokens: tokenSum('output_tokens', 'Output tokens, those of reasoning included.'),
  cacheRead: tokenSum('cache_read.input_tokens', 'Input tokens that were read from a cache.'),
  cacheWrite: tokenSum('cache_write.input_tokens', 'Input tokens that were written to a cache.'),
  reasoning: tokenSum('reasoning.output_tokens', 'Output tokens of reasoning.'),
} as const satisfies Record<string, FamilyFacts>;

function seconds(name: string, help: string, labels: readonly string[], bounds: readonly number[]): FamilyFacts {
  return { name, type: 'histogram', unit: 's', help, labels, bounds };
}

function tokenSum(kind: string, help: string): FamilyFacts {
  return { name: `gen_ai.client.inference.usage.${kind}`, type: 'counter', unit: '{token}', help, labels: model };
}
