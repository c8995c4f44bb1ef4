import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agents } from './agents/agents.ts';
import { ClientNames } from './agents/client-names.ts';
import type { LoopFormats, LoopSurroundings } from './agents/loop-surroundings.ts';
import { readPauses, writePauses } from './agents/pause-file.ts';
import { Pauses } from './agents/pauses.ts';
import { Principals } from './agents/principal.ts';
import { Storms } from './agents/storms.ts';
import { Threads } from './agents/threads.ts';
import { ToolThreads } from './agents/tool-threads.ts';
import { textDeltas } from './llm/content/text-deltas.ts';
import { answerReader } from './llm/conversation/read-answer.ts';
import { readConversation } from './llm/conversation/read-conversation.ts';
import { readToolCall } from './llm/tool-call.ts';
import { toolResultReader } from './llm/tool-result.ts';

/**
 * What is known of agents: who is paused, from the state directory, and their conversations, the latest `sessions` of them. `onError` hears that a pause
 * cannot be kept, or that those of before cannot be read; all goes on without.
 */
export function createAgents(directory: string, sessions: number, onError: (error: unknown, what: string) => void): LoopSurroundings {
  const file = join(directory, 'pauses.json');
  const attempt = <T>(what: string, act: () => T, otherwise: T): T => {
    try {
      return act();
    } catch (error) {
      onError(error, what);
      return otherwise;
    }
  };
  const known = attempt('the pauses of before cannot be read', () => readPauses(file), []);
  const pauses = new Pauses(known, (all) => attempt('a pause cannot be kept for the next start', () => writePauses(file, all), undefined));
  const secret = () => attempt('the key that tags callers cannot be kept', () => secretIn(directory), randomBytes(32));
  return {
    agents: new Agents(pauses),
    principals: new Principals(secret),
    clients: new ClientNames(),
    threads: new Threads(sessions),
    toolThreads: new ToolThreads(sessions),
    storms: new Storms(sessions),
    formats,
  };
}

const formats: LoopFormats = {
  conversation: ({ dialect, request }, call, body) => readConversation(dialect.name, call, request, body),
  answer: ({ dialect }, { api }, { headers }) => answerReader(dialect.name, api, headers),
  text: ({ dialect }, { headers }, onText) => textDeltas(dialect.name, headers, onText),
  toolCall: ({ dialect, request }, call, body) => readToolCall(dialect.name, call, request, body),
  toolResult: ({ dialect }, { status, headers }) => toolResultReader(dialect.name, status, headers),
};

/** The key of this installation, made at its first start. */
function secretIn(directory: string): Uint8Array {
  const file = join(directory, 'secret');
  if (existsSync(file)) return readFileSync(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const secret = randomBytes(32);
  writeFileSync(file, secret, { mode: 0o600, flag: 'wx' });
  return secret;
}
