import type { Verdict } from '../core/verdict.ts';
import type { AnswerFormat } from './answer-format.ts';
import { asObject, type JsonObject } from './json-object.ts';

/** What one JSON-RPC message says: undefined where it is no answer but a request or a notification of the server's. */
export function verdictOfMessage(message: JsonObject): 'ok' | 'tool-error' | undefined {
  if (asObject(message['error'])) return 'tool-error';
  if (!('result' in message)) return undefined;
  return asObject(message['result'])?.['isError'] === true ? 'tool-error' : 'ok';
}

/** Answers of an MCP server that are one JSON text: a message, or a batch of them. A tool that failed says so inside a 200. */
export const mcpAnswer: AnswerFormat = {
  readWhole: (answer) => ({ verdict: verdictOfMessage(answer) ?? 'ok' }),
  readBatch: (answers) => ({ verdict: worstOf(answers.map(verdictOfMessage)) }),
  // Streams are followed by a watcher of their own.
  readEvent: () => ({ meaningful: true }),
  readTail: () => undefined,
  endMarked: false,
  withoutTokens: true,
};

function worstOf(verdicts: readonly (Verdict | undefined)[]): Verdict {
  return verdicts.includes('tool-error') ? 'tool-error' : 'ok';
}
