import type { AnswerFacts } from '../core/answer-facts.ts';
import type { Usage } from '../core/usage.ts';
import { takeFacts, takeReason } from './answer-facts.ts';
import { type AnswerFormat, content, fullUsage, malformed, type Sign, startUp } from './answer-format.ts';
import { verdictOfError } from './classify.ts';
import { errorIn } from './error-facts.ts';
import { isCut, looksWhole } from './event-data.ts';
import { asObject, countIn, type JsonObject, objectsIn, parseObject } from './json-object.ts';
import { Tokens } from './tokens.ts';
import { scanUsage } from './usage-scan.ts';

/** What an event must hold to be worth parsing once there was content. The last event repeats the token counts. */
const telling = new Tokens('"error"', '"finishReason"', '"blockReason"');

/** Finish reasons that are not the end of a good answer. */
const badFinishes: Readonly<Record<string, 'content-filter' | 'invalid-output'>> = {
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  NO_IMAGE: 'invalid-output',
  MALFORMED_FUNCTION_CALL: 'invalid-output',
  MALFORMED_RESPONSE: 'invalid-output',
  UNEXPECTED_TOOL_CALL: 'invalid-output',
  TOO_MANY_TOOL_CALLS: 'invalid-output',
};

/** Values that stand for none. */
const unspecified = new Set<unknown>(['FINISH_REASON_UNSPECIFIED', 'BLOCK_REASON_UNSPECIFIED', 'BLOCKED_REASON_UNSPECIFIED']);

/** Answers of Gemini's generateContent and streamGenerateContent. */
export const geminiAnswer: AnswerFormat = {
  readEvent(data, _name, settled, facts) {
    if (!looksWhole(data)) return malformed;
    if (settled && telling.in(data) === 0) return content;
    const part = parseObject(data);
    if (!part) return isCut(data) ? content : malformed;
    return readPart(part, facts);
  },
  readWhole(answer, facts) {
    const { error, finish, usage } = readPart(answer, facts);
    return { verdict: error ?? finish ?? 'ok', ...(usage && { usage: fullUsage(usage) }) };
  },
  readTail: (tail) => scanUsage(tail, 'usageMetadata', geminiUsage),
  countsInEvery: true,
  endMarked: true,
};

/** Answers of streamGenerateContent where no events are asked for: one array of the same parts. */
export const geminiArrayAnswer: AnswerFormat = { ...geminiAnswer, growsAsArray: true };

function readPart(part: JsonObject, facts: AnswerFacts | undefined): Sign {
  const error = errorIn(part);
  if (error) return { meaningful: false, error: verdictOfError(200, error) };
  const candidates = objectsIn(part['candidates']);
  const counts = asObject(part['usageMetadata']);
  const usage = counts && geminiUsage(counts);
  const reasons = candidates.map((candidate) => candidate['finishReason']).filter(isReason);
  if (facts) {
    takeFacts(part['modelVersion'], part['responseId'], facts);
    for (const reason of reasons) takeReason(reason, facts);
  }
  const blocked = isReason(asObject(part['promptFeedback'])?.['blockReason']);
  const finish = blocked ? 'content-filter' : reasons.map((reason) => badFinishes[reason]).find((bad) => bad !== undefined);
  const last = blocked || reasons.length > 0;
  const meaningful = last || candidates.some(hasContent);
  if (!meaningful && !usage) return startUp;
  return { meaningful, ...(finish && { finish }), ...(last && { last }), ...(usage && { usage }) };
}

function isReason(value: unknown): value is string {
  return typeof value === 'string' && !unspecified.has(value);
}

function hasContent(candidate: JsonObject): boolean {
  return objectsIn(asObject(candidate['content'])?.['parts']).some((part) => part['text'] !== '');
}

/** Google's token counts as disjoint kinds: there, the prompt includes what was cached, and thoughts stand apart. */
function geminiUsage(counts: JsonObject): Usage | undefined {
  if (typeof counts['promptTokenCount'] !== 'number' && typeof counts['totalTokenCount'] !== 'number') return undefined;
  const cacheRead = countIn(counts['cachedContentTokenCount']);
  return {
    input: Math.max(countIn(counts['promptTokenCount']) - cacheRead, 0) + countIn(counts['toolUsePromptTokenCount']),
    output: countIn(counts['candidatesTokenCount']),
    cacheRead,
    cacheWrite: 0,
    reasoning: countIn(counts['thoughtsTokenCount']),
  };
}
