import type { AnswerFacts } from '../core/answer-facts.ts';
import type { Usage } from '../core/usage.ts';
import { takeFacts, takeReason } from './answer-facts.ts';
import { type AnswerFormat, content, malformed, type Sign, startUp } from './answer-format.ts';
import { verdictOfError } from './classify.ts';
import { errorIn, factsOf } from './error-facts.ts';
import { eventType, isCut, looksWhole } from './event-data.ts';
import { asObject, type JsonObject, objectsIn, parseObject } from './json-object.ts';
import { readResponseEvent, takeResponse, verdictOfResponse } from './openai-responses.ts';
import { openaiUsage } from './openai-usage.ts';
import { standsAt, Tokens } from './tokens.ts';
import { scanUsage } from './usage-scan.ts';

/** What an event must hold to be worth parsing once there was content; the last two are told by where the bits stand. */
const tellingPieces = ['"error"', '"content_filter"', '"refusal":"', '"refusal": "', '"usage":{', '"usage": {'];
const telling = new Tokens(...tellingPieces);
/** The same where somebody wants to know why the model stopped. */
const tellingAll = new Tokens(...tellingPieces, '"finish_reason":"', '"finish_reason": "');
const worthParsing = 0b1100_1111;

const last: Sign = { meaningful: false, last: true };

/** Last events of the streams of images and audio, which have no `[DONE]`. */
const lastTypes = new Set(['image_generation.completed', 'image_edit.completed', 'transcript.text.done', 'speech.audio.done']);

/** Answers of OpenAI's interface: chat completions, completions, responses, embeddings, images and audio. */
export const openaiAnswer: AnswerFormat = {
  readEvent(data, name, settled, facts) {
    if (standsAt(data, 0, '[DONE]')) return last;
    const type = eventType(data, name);
    if (type.startsWith('response.')) return readResponseEvent(type, data, facts);
    if (settled && type === '') return skimChunk(data, facts);
    const chunk = parseObject(data);
    if (!chunk) return isCut(data) ? content : malformed;
    if (type === 'error') return { meaningful: false, error: verdictOfError(200, factsOf(asObject(chunk['error']) ?? chunk)) };
    const typeInside = type || chunk['type'];
    if (typeof typeInside !== 'string') return readChunk(chunk, facts);
    return typeInside.startsWith('response.') ? readResponseEvent(typeInside, data, facts) : readTyped(chunk, typeInside);
  },
  readWhole(answer, facts) {
    if (facts) takeAnswer(answer, facts);
    const error = errorIn(answer);
    const verdict = error ? verdictOfError(200, error) : (verdictOfResponse(answer) ?? verdictOfMessages(answer['choices']) ?? 'ok');
    const usage = usageOf(answer);
    return usage ? { verdict, usage } : { verdict };
  },
  readTail: (tail) => scanUsage(tail, 'usage', openaiUsage),
  endMarked: true,
};

function skimChunk(data: Buffer, facts: AnswerFacts | undefined): Sign {
  if (!looksWhole(data)) return malformed;
  const found = (facts ? tellingAll : telling).in(data);
  if (found === 0) return content;
  const chunk = (found & worthParsing) === 0 ? undefined : parseObject(data);
  if (chunk) return readChunk(chunk, facts);
  const usage = scanUsage(data, 'usage', openaiUsage);
  return usage ? { meaningful: true, usage } : content;
}

function readChunk(chunk: JsonObject, facts: AnswerFacts | undefined): Sign {
  if (facts) takeAnswer(chunk, facts);
  const error = errorIn(chunk);
  if (error) return { meaningful: false, error: verdictOfError(200, error) };
  const choices = objectsIn(chunk['choices']);
  const verdict = verdictOfChoices(choices, 'delta');
  if (verdict === 'server-error') return { meaningful: false, error: verdict };
  const usage = usageOf(chunk);
  const meaningful = choices.some(hasContent);
  if (verdict === undefined && !usage) return meaningful ? content : startUp;
  return { meaningful, ...(verdict && { finish: verdict }), ...(usage && { usage }) };
}

/** What a chunk, or an answer in one piece, says of itself. */
function takeAnswer(answer: JsonObject, facts: AnswerFacts): void {
  if (answer['object'] === 'response') takeResponse(answer, facts);
  takeFacts(answer['model'], answer['id'], facts);
  for (const choice of objectsIn(answer['choices'])) takeReason(choice['finish_reason'], facts);
}

/** An event of a stream of images or audio. */
function readTyped(event: JsonObject, type: string): Sign {
  const error = errorIn(event);
  if (error) return { meaningful: false, error: verdictOfError(200, error) };
  if (type === 'keepalive') return startUp;
  const usage = usageOf(event);
  return { meaningful: true, ...(lastTypes.has(type) && { last: true }), ...(usage && { usage }) };
}

/** What the choices of an answer in one piece say; undefined where it has none, or nothing bad. */
function verdictOfMessages(choices: unknown): 'server-error' | 'content-filter' | 'invalid-output' | undefined {
  if (Array.isArray(choices) && choices.length === 0) return 'invalid-output';
  return verdictOfChoices(objectsIn(choices), 'message');
}

function verdictOfChoices(choices: readonly JsonObject[], said: 'message' | 'delta'): 'server-error' | 'content-filter' | undefined {
  let verdict: 'content-filter' | undefined;
  for (const choice of choices) {
    const reason = choice['finish_reason'];
    if (reason === 'error') return 'server-error';
    if (reason === 'content_filter' || hasText(asObject(choice[said])?.['refusal'])) verdict = 'content-filter';
  }
  return verdict;
}

function hasText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Whether a choice of a chunk holds more than the role that every stream begins with. */
function hasContent(choice: JsonObject): boolean {
  if (typeof choice['finish_reason'] === 'string' || hasText(choice['text'])) return true;
  const delta = asObject(choice['delta']) ?? {};
  return Object.entries(delta).some(([key, value]) => key !== 'role' && !isEmpty(value));
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

function usageOf(answer: JsonObject): Usage | undefined {
  const counts = asObject(answer['usage']);
  return counts && openaiUsage(counts);
}
