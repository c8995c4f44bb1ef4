import type { Verdict } from '../core/verdict.ts';
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
export function readResponseEvent(type: string, data: Buffer): Sign {
  if (startUpTypes.has(type)) return startUp;
  if (!looksWhole(data)) return malformed;
  if (type === 'response.refusal.delta' || type === 'response.refusal.done') return refused;
  if (type !== 'response.completed' && type !== 'response.incomplete' && type !== 'response.failed') return content;
  const usage = scanUsage(data, 'usage', openaiUsage);
  const verdict = type === 'response.completed' ? undefined : verdictOfLast(type, data);
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

function verdictOfLast(type: string, data: Buffer): Exclude<Verdict, 'ok'> | undefined {
  const response = asObject(parseObject(data)?.['response']);
  return (response && verdictOfResponse(response)) ?? (type === 'response.failed' ? 'server-error' : undefined);
}
