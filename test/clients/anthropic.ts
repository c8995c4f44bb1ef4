import Anthropic, { type ClientOptions } from '@anthropic-ai/sdk';
import type { Way } from './both-ways.ts';

/** The unmodified SDK. It names its requests, so that providers have no name to make up. */
export function anthropicAt({ url }: Pick<Way, 'url'>, options: ClientOptions = {}): Anthropic {
  return new Anthropic({ apiKey: 'sk-ant-test', baseURL: url, defaultHeaders: { 'x-request-id': 'req-1' }, ...options });
}

/** A call with one message of a person. */
export function ask(content: string) {
  return { model: 'claude-x', max_tokens: 100, messages: [{ role: 'user' as const, content }] };
}

/** What would differ from call to call, fixed. */
export const envelope = { id: 'message-1', model: 'claude-x', usage: { input_tokens: 3, output_tokens: 5 } };
