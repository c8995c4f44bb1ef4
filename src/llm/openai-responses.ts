import type { AnswerFacts } from '../core/answer-facts.ts';
import type { Verdict } from '../core/verdict.ts';
import { takeFacts, takeReason } from './answer-facts.ts';
import { content, malformed, type Sign, startUp } from './answer-format.ts';
import { verdictOfError } from './classify.ts';
import { factsOf } from './error-facts.ts';
import { looksWhole } from './event-data.ts';
import { asObject, type JsonObject, objectsIn, parseObject } from './json-object.ts';
import { openaiUsage } from './openai-usage.ts';
import { scanUsage } from './usage-scan.ts';

/** They announce what is to come and carry nothing of it. */
const startUpTypes = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.output_item.added',
  'response.content_part.added',
  'response.reasoning_summary_part.added',
]);

const refused: Sign = { meaningful: true, finish: 'content-filter' };

/** Reads one event of a stream of OpenAI's responses interface; only the last one is looked into. */
export function readResponseEvent(type: string, data: Buffer, facts?: AnswerFacts): Sign {
  if (facts && type === 'response.created') takeResponse(responseIn(data) ?? {}, facts);
  if (startUpTypes.has(type)) return startUp;
  if (!looksWhole(data)) return malformed;
  if (type === 'response.refusal.delta' || type === 'response.refusal.done') return refused;
  if (type !== 'response.completed' && type !== 'response.incomplete' && type !== 'response.failed') return content;
  const usage = scanUsage(data, 'usage', openaiUsage);
  if (facts && type === 'response.completed') takeReason('completed', facts);
  const verdict = type === 'response.completed' ? undefined : verdictOfLast(type, data, facts);
  const kind = type === 'response.failed' ? 'error' : 'finish';
  return { meaningful: kind === 'finish', last: true, ...(verdict && { [kind]: verdict }), ...(usage && { usage }) };
}

/** What the status of a response object says; undefined if it says nothing bad. */
export function verdictOfResponse(response: JsonObject): Exclude<Verdict, 'ok'> | undefined {
  if (response['status'] === 'failed') {
    const error = asObject(response['error']);
    return error ? verdictOfError(200, factsOf(error)) : 'server-error';
  }
  const filtered = response['status'] === 'incomplete' && asObject(response['incomplete_details'])?.['reason'] === 'content_filter';
  const isRefused = () => objectsIn(response['output']).some((item) => objectsIn(item['content']).some(({ type }) => type === 'refusal'));
  return filtered || isRefused() ? 'content-filter' : undefined;
}

function verdictOfLast(type: string, data: Buffer, facts: AnswerFacts | undefined): Exclude<Verdict, 'ok'> | undefined {
  const response = responseIn(data);
  if (facts && response) takeResponse(response, facts);
  return (response && verdictOfResponse(response)) ?? (type === 'response.failed' ? 'server-error' : undefined);
}

/** What a response object says of itself. Why it has ended, its status tells and, where it is not whole, a reason. */
export function takeResponse(response: JsonObject, facts: AnswerFacts): void {
  const { status } = response;
  takeFacts(response['model'], response['id'], facts);
  if (status === 'incomplete') takeReason(asObject(response['incomplete_details'])?.['reason'] ?? status, facts);
  else if (status === 'completed' || status === 'failed') takeReason(status, facts);
}

function responseIn(data: Buffer): JsonObject | undefined {
  return asObject(parseObject(data)?.['response']);
}
