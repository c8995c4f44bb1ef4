import { type AnswerFormat, content, malformed, type Sign } from './answer-format.ts';
import { isCut, looksWhole } from './event-data.ts';
import { asObject, type JsonObject, parseObject } from './json-object.ts';
import { Tokens } from './tokens.ts';

/** What a message must hold to be worth parsing: else it tells of no failure. */
const telling = new Tokens('"error"', '"isError"');

/**
 * Answers of an MCP server: one JSON-RPC message, or a stream of them. A tool that failed says so inside a 200. A stream
 * has no end mark: a server may close it early and be asked for the rest by `Last-Event-ID`.
 */
export const mcpAnswer: AnswerFormat = {
  readEvent(data) {
    // The empty event that begins a stream which can be resumed.
    if (data.length === 0) return content;
    if (!looksWhole(data)) return malformed;
    if (telling.in(data) === 0) return content;
    const message = parseObject(data);
    if (!message) return isCut(data) ? content : malformed;
    return readMessage(message);
  },
  readWhole: (answer) => ({ verdict: readMessage(answer).finish ?? 'ok' }),
  readTail: () => undefined,
  endMarked: false,
};

function readMessage(message: JsonObject): Sign {
  const failed = asObject(message['error']) !== undefined || asObject(message['result'])?.['isError'] === true;
  return failed ? { meaningful: true, finish: 'tool-error' } : content;
}
