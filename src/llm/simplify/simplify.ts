import type { ProxiedRequest } from '../../core/exchange.ts';
import { plainPath } from '../describe.ts';
import { anthropicEntry, chatEntry, geminiEntry, ollamaEntry, responsesEntry } from './entries.ts';
import { shorten } from './shorten.ts';

type Simplify = (request: ProxiedRequest, share: number) => ProxiedRequest | undefined;

/** See `Dialect.simplify`. Chat completions have messages, and responses items. */
export const simplifyOpenai: Simplify = (request, share) => {
  const path = plainPath(request);
  if (path.endsWith('/chat/completions')) return shorten(request, 'messages', chatEntry, share);
  return path.endsWith('/responses') ? shorten(request, 'input', responsesEntry, share) : undefined;
};

export const simplifyAnthropic: Simplify = (request, share) => shorten(request, 'messages', anthropicEntry, share);

export const simplifyGemini: Simplify = (request, share) => shorten(request, 'contents', geminiEntry, share);

export const simplifyOllama: Simplify = (request, share) => shorten(request, 'messages', ollamaEntry, share);
