import { GoogleGenAI, type HttpOptions } from '@google/genai';
import type { Way } from './both-ways.ts';

/** The unmodified SDK, for the version that the mocked provider knows. It names its requests, so that none has to be made up. */
export function geminiAt({ url }: Pick<Way, 'url'>, options: HttpOptions = {}): GoogleGenAI {
  const httpOptions = { baseUrl: url, apiVersion: 'v1beta', headers: { 'x-request-id': 'req-1' }, ...options };
  return new GoogleGenAI({ apiKey: 'key-test', httpOptions });
}

/** A call with one message of a person. */
export function contents(text: string) {
  return { model: 'gemini-x', contents: text };
}

/** What would differ from call to call, fixed. */
export const envelope = { usage: { promptTokenCount: 3, candidatesTokenCount: 5 } };

/** An answer without the head of its reply, which the SDK keeps with every answer and event. */
export function bare<T extends object>(answer: T): Omit<T, 'sdkHttpResponse'> {
  const { sdkHttpResponse: _, ...rest } = answer as T & { sdkHttpResponse?: unknown };
  return rest;
}
