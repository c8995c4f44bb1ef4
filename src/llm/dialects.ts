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

/** Formats that servers of another format serve beside their own: a request tells which of them it is in. */
const beside: Readonly<Record<DialectName, readonly Dialect[]>> = {
  openai: [anthropic],
  anthropic: [openai],
  gemini: [],
  ollama: [openai, anthropic],
  mcp: [],
  http: [],
};

/** Where Google serves OpenAI's interface. */
const openaiOfGoogle = /^(\/[^/]+)*\/v1beta\/openai\//;

/**
 * The wire format of a request to an upstream that is configured so. `auto` goes by the path and the headers, and
 * takes what it is not sure of for plain HTTP: a wrong guess would judge good answers as bad. A configured one yields only
 * to a format that such servers serve beside it, where the request is certainly in that.
 */
export function dialectFor(name: DialectName | 'auto', request: RequestFacts): Dialect {
  if ((name === 'auto' || name === 'gemini') && openaiOfGoogle.test(request.path)) return openai;
  if (name === 'auto') return recognised.find((dialect) => dialect.matches(request)) ?? http;
  const own = byName[name];
  const others = beside[name];
  return others.length === 0 || own.matches(request) ? own : (others.find((dialect) => dialect.matches(request)) ?? own);
}

/**
 * The wire format in which another upstream than the one that a request was meant for is to be asked; undefined where it
 * takes any. That it serves another format beside its own is not certain enough to send what can be translated.
 */
export function dialectElsewhere(name: DialectName | 'auto', request: RequestFacts): Dialect | undefined {
  if (name === 'auto') return undefined;
  return name === 'openai' || name === 'anthropic' ? byName[name] : dialectFor(name, request);
}
