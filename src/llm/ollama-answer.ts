import type { AnswerFacts } from '../core/answer-facts.ts';
import type { Usage } from '../core/usage.ts';
import { takeFacts, takeReason } from './answer-facts.ts';
import { type AnswerFormat, content, fullUsage, malformed, type Sign, startUp } from './answer-format.ts';
import { verdictOfError } from './classify.ts';
import { errorIn } from './error-facts.ts';
import { isCut, looksWhole } from './event-data.ts';
import { asObject, countIn, type JsonObject, parseObject } from './json-object.ts';
import { Tokens } from './tokens.ts';

/** What a line must hold to be worth parsing once there was content. */
const telling = new Tokens('"error"', '"done":true', '"done": true');

/** Answers of Ollama's own interface: lines of JSON, or one object. */
export const ollamaAnswer: AnswerFormat = {
  readEvent(data, _name, settled, facts) {
    if (!looksWhole(data)) return malformed;
    if (settled && telling.in(data) === 0) return content;
    const line = parseObject(data);
    if (!line) return isCut(data) ? content : malformed;
    return readLine(line, facts);
  },
  readWhole(answer, facts) {
    const { error, usage } = readLine(answer, facts);
    return { verdict: error ?? 'ok', ...(usage && { usage: fullUsage(usage) }) };
  },
  readTail(tail) {
    // The counts stand in the answer itself. A quote inside of a text is escaped, so none can pass for a key.
    const text = tail.toString('latin1');
    const count = (key: string) => Number(new RegExp(`"${key}":\\s*(\\d{1,15})`).exec(text)?.[1] ?? Number.NaN);
    return usageIn(count('prompt_eval_count'), count('eval_count'));
  },
  endMarked: true,
};

function readLine(line: JsonObject, facts: AnswerFacts | undefined): Sign {
  if (facts) {
    takeFacts(line['model'], undefined, facts);
    takeReason(line['done_reason'], facts);
  }
  const error = errorIn(line);
  if (error) return { meaningful: false, error: verdictOfError(200, error) };
  const usage = usageOf(line);
  if (line['done'] === true) return { meaningful: true, last: true, ...(usage && { usage }) };
  const { content: said, thinking, tool_calls: calls } = asObject(line['message']) ?? {};
  const isEmpty = !said && !thinking && !line['response'] && !line['thinking'] && !(Array.isArray(calls) && calls.length > 0);
  if (usage) return { meaningful: !isEmpty, usage };
  return isEmpty ? startUp : content;
}

function usageOf({ prompt_eval_count: input, eval_count: output }: JsonObject): Usage | undefined {
  return usageIn(typeof input === 'number' ? input : Number.NaN, typeof output === 'number' ? output : Number.NaN);
}

function usageIn(input: number, output: number): Usage | undefined {
  return Number.isNaN(input) && Number.isNaN(output) ? undefined : fullUsage({ input: countIn(input), output: countIn(output) });
}
