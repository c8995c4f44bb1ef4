import type { Dialect, DialectName, RequestFacts } from '../core/dialect.ts';
import { anthropic } from './anthropic.ts';
import { gemini } from './gemini.ts';
import { http } from './http.ts';
import { mcp } from './mcp.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';

/** In the order in which a request is tried: those that are known by a header of their own come first. */
const recognised: readonly Dialect[] = [mcp, anthropic, gemini, ollama, openai];

const byName: Readonly<Record<DialectName, Dialect>> = { openai, anthropic, gemini, ollama, mcp, http };

/**
 * The wire format of a request to an upstream that is configured so. `auto` goes by the path and the headers, and
 * takes what it is not sure of for plain HTTP: a wrong guess would judge good answers as bad. An Ollama
 * serves OpenAI's interface beside its own.
 */
export function dialectFor(name: DialectName | 'auto', request: RequestFacts): Dialect {
  if (name === 'auto') return recognised.find((dialect) => dialect.matches(request)) ?? http;
  return name === 'ollama' && openai.matches(request) ? openai : byName[name];
}
