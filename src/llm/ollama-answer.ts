import type { Usage } from '../core/usage.ts';
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
  readEvent(data, _name, settled) {
    if (!looksWhole(data)) return malformed;
    if (settled && telling.in(data) === 0) return content;
    const line = parseObject(data);
    if (!line) return isCut(data) ? content : malformed;
    return readLine(line);
  },
  readWhole(answer) {
    const { error, usage } = readLine(answer);
    return { verdict: error ?? 'ok', ...(usage && { usage: fullUsage(usage) }) };
  },
  readTail: () => undefined,
  endMarked: true,
};

function readLine(line: JsonObject): Sign {
  const error = errorIn(line);
  if (error) return { meaningful: false, error: verdictOfError(200, error) };
  const usage = usageOf(line);
  if (line['done'] === true) return { meaningful: true, last: true, ...(usage && { usage }) };
  const { content: said, thinking, tool_calls: calls } = asObject(line['message']) ?? {};
  const isEmpty = !said && !thinking && !line['response'] && !line['thinking'] && !(Array.isArray(calls) && calls.length > 0);
  if (usage) return { meaningful: !isEmpty, usage };
  return isEmpty ? startUp : content;
}

function usageOf(line: JsonObject): Usage | undefined {
  const { prompt_eval_count: input, eval_count: output } = line;
  if (typeof input !== 'number' && typeof output !== 'number') return undefined;
  return { input: countIn(input), output: countIn(output), cacheRead: 0, cacheWrite: 0, reasoning: 0 };
}
