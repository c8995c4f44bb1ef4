import type { Call } from '../core/dialect.ts';

/** What OpenTelemetry calls the interfaces that do not chat. */
const operations: Readonly<Record<string, string>> = {
  completions: 'text_completion',
  generate: 'text_completion',
  embeddings: 'embeddings',
  embed: 'embeddings',
  moderations: 'moderations',
  images: 'images',
  audio: 'audio',
  object: 'generate_content',
  array: 'generate_content',
  predict: 'predict',
};

/** The name of an operation of a model (`gen_ai.operation.name`). */
export function operationName({ api }: Call): string {
  return operations[api ?? ''] ?? 'chat';
}
