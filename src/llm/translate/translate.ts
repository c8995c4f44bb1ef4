import type { Dialect } from '../../core/dialect.ts';
import type { ProxiedRequest, Target } from '../../core/exchange.ts';
import { headerValue, type RawHeaders } from '../../core/headers.ts';
import type { Translate, Translation } from '../../core/translation.ts';
import { isEncoded, isVouchedFor, wholeBody } from '../changed-body.ts';
import { plainPath } from '../describe.ts';
import { asObject, type JsonObject } from '../json-object.ts';
import { scanObject } from '../json-scan.ts';
import { type AnswerTerms, translatedAnswer } from './answer.ts';
import { parseExactJson } from './exact-json.ts';
import { chatRequest } from './to-chat/request.ts';
import { messagesRequest } from './to-messages/request.ts';
import { orUntranslatable, Untranslatable } from './untranslatable.ts';

/** Where each interface is, whatever the caller's path began with. */
const paths = { chat: '/v1/chat/completions', messages: '/v1/messages' } as const;

/** Fields by which a caller asks for what a published interface does not have. */
const betaFields = ['anthropic-beta', 'openai-beta'];

/** What a ledger can hold of a reason. */
const longestReason = 160;

/**
 * Carries chat completions over to Anthropic's messages and back. Nothing is guessed and nothing is left out: a request
 * that has no exact counterpart is told by the name of what has none.
 */
export const translate: Translate = (request, target, { from, to }, { maxTokens }) => {
  const toMessages = from.name === 'openai' && to.name === 'anthropic';
  if (!toMessages && !(from.name === 'anthropic' && to.name === 'openai')) return undefined;
  const translated = orUntranslatable(() => {
    const asked = bodyOf(request, toMessages ? '/chat/completions' : '/messages');
    if (!toMessages) return { body: chatRequest(asked, target.model), answers: 'messages' as const, includeUsage: true };
    return { ...messagesRequest(asked, target.model, maxTokens), answers: 'chat' as const };
  });
  if (translated instanceof Untranslatable) return translated.message.slice(0, longestReason);
  const terms = { answers: translated.answers, includeUsage: translated.includeUsage, stream: translated.body['stream'] === true };
  const filled = 'filledMaxTokens' in translated ? translated.filledMaxTokens : undefined;
  return translation(request, target, to, translated.body, { ...terms, maxTokens: filled });
};

/** The request's body, where it is one of that interface and can be changed. */
function bodyOf(request: ProxiedRequest, end: string): JsonObject {
  const { method, headers, body, upgrade } = request;
  if (method !== 'POST' || upgrade !== undefined || !plainPath(request).endsWith(end)) throw new Untranslatable('the path');
  if (isEncoded(headers)) throw new Untranslatable('content-encoding');
  if (isVouchedFor(headers)) throw new Untranslatable('a digest of the body');
  const beta = betaFields.find((name) => headerValue(headers, name) !== undefined);
  if (beta !== undefined) throw new Untranslatable(beta);
  const members = body.bytes && scanObject(body.bytes);
  if (!body.bytes || !members) throw new Untranslatable('the body');
  // Readers differ in which one they take.
  const twice = [...members].find(([, { hits }]) => hits > 1);
  if (twice) throw new Untranslatable(`${twice[0]}, which stands there twice,`);
  return asObject(parseExactJson(Buffer.from(body.bytes).toString())) ?? {};
}

function translation(
  request: ProxiedRequest,
  target: Target,
  dialect: Dialect,
  body: JsonObject,
  { maxTokens, ...terms }: AnswerTerms & { maxTokens: number | undefined },
): Translation {
  const bytes = Buffer.from(JSON.stringify(body));
  const path = paths[terms.answers === 'chat' ? 'messages' : 'chat'];
  const headers = fieldsOf(request.headers, bytes.byteLength, terms.stream);
  const facts = { method: request.method, path, headers };
  const described = dialect.describe(facts, bytes);
  return {
    request: { ...request, ...facts, body: wholeBody(bytes, true), described, call: () => described },
    dialect,
    maxTokens,
    answer: (reply) => translatedAnswer(reply, target.upstream, terms),
  };
}

/** An answer that is to be translated must come as it is, not compressed. */
function fieldsOf(headers: RawHeaders, lengthBytes: number, stream: boolean): RawHeaders {
  const agent = headerValue(headers, 'user-agent');
  return [
    ...['content-type', 'application/json', 'content-length', String(lengthBytes)],
    ...['accept', stream ? 'text/event-stream' : 'application/json', 'accept-encoding', 'identity'],
    ...(agent === undefined ? [] : ['user-agent', agent]),
  ];
}
