import { Ollama } from 'ollama';
import type { Way } from './both-ways.ts';

/** The unmodified client. It names its requests, so that providers have no name to make up. */
export function ollamaAt({ url }: Pick<Way, 'url'>, headers: Record<string, string> = {}): Ollama {
  return new Ollama({ host: url, headers: { 'x-request-id': 'req-1', ...headers } });
}

/** A chat with one message of a person. */
export function talk(content: string) {
  return { model: 'llama-x', messages: [{ role: 'user', content }] };
}
