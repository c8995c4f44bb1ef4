import OpenAI, { type ClientOptions } from 'openai';
import type { Way } from './both-ways.ts';

/** The unmodified SDK. It names its requests, so that providers have no name to make up. */
export function openaiAt({ url }: Pick<Way, 'url'>, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ apiKey: 'sk-test', baseURL: `${url}/v1`, defaultHeaders: { 'x-request-id': 'req-1' }, ...options });
}

/** A chat with one message of a person. */
export function say(content: string) {
  return { model: 'gpt-x', messages: [{ role: 'user' as const, content }] };
}

/** What would differ from call to call, fixed. */
export const envelope = { id: 'chatcmpl-1', created: 1, model: 'gpt-x', usage: { prompt_tokens: 3, completion_tokens: 5 } };
