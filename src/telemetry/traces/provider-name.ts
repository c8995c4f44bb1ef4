import type { DialectName } from '../../core/dialect.ts';

/** Names that OpenTelemetry gives to providers, by the end of their host. */
const byHost: readonly (readonly [host: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['.openai.azure.com', 'azure.ai.openai'],
  ['.services.ai.azure.com', 'azure.ai.inference'],
  ['.amazonaws.com', 'aws.bedrock'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.deepseek.com', 'deepseek'],
  ['api.groq.com', 'groq'],
  ['api.x.ai', 'x_ai'],
  ['api.cohere.com', 'cohere'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.moonshot.ai', 'moonshot_ai'],
];

const byDialect: Readonly<Record<DialectName, string | undefined>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gcp.gemini',
  ollama: 'ollama',
  mcp: undefined,
  http: undefined,
};

/** Who answers, as far as a host and a wire format can tell. */
export function providerName(host: string | undefined, dialect: DialectName): string | undefined {
  const known = host === undefined ? undefined : byHost.find(([end]) => host.endsWith(end));
  return known?.[1] ?? byDialect[dialect];
}
