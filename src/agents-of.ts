import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agents } from './agents/agents.ts';
import { ClientNames } from './agents/client-names.ts';
import type { LoopFormats, LoopSurroundings } from './agents/loop-surroundings.ts';
import { type Pause, Pauses, pauseId } from './agents/pauses.ts';
import { Principals } from './agents/principal.ts';
import { type KeptRelease, Releases } from './agents/releases.ts';
import { pauseFrom, pausesInFile } from './agents/stored-pauses.ts';
import { releaseFrom } from './agents/stored-releases.ts';
import { Storms } from './agents/storms.ts';
import { Threads } from './agents/threads.ts';
import { ToolThreads } from './agents/tool-threads.ts';
import { textDeltas } from './llm/content/text-deltas.ts';
import { answerReader } from './llm/conversation/read-answer.ts';
import { readConversation } from './llm/conversation/read-conversation.ts';
import { readToolCall } from './llm/tool-call.ts';
import { toolResultReader } from './llm/tool-result.ts';
import { makeDirectory } from './store/make-directory.ts';
import type { SmallRecords } from './store/records.ts';

/** Kinds of the records that are pauses, and what is remembered of agents that people have let go on. */
const kind = 'pause';
const releaseKind = 'release';

export interface AgentsOptions {
  /** The state directory. */
  readonly directory: string;
  /** Conversations that are kept, the latest ones. */
  readonly sessions: number;
  /** Keeps the pauses, and from what agents were let go on. */
  readonly store: SmallRecords;
  /** Hears what cannot be kept, or that something of before cannot be read; all goes on without. */
  readonly onError: (error: unknown, what: string) => void;
}

/** What is known of agents: who is paused and was let go on, from the store, and their conversations. Never rejects. */
export async function createAgents({ directory, sessions, store, onError }: AgentsOptions): Promise<LoopSurroundings> {
  const told = (isStored: boolean) => {
    if (!isStored)
      onError(new Error('the store does not take it'), 'a pause, or its end, is in memory alone and may be lost with this process');
  };
  const pauses = new Pauses(await knownPauses({ directory, store, onError }), {
    put: (id, pause) => void store.put(kind, id, pause).then(told),
    remove: (id) => void store.remove(kind, id).then(told),
    stored: () => store.stored(),
  });
  const releases = new Releases(await knownReleases({ store, onError }), {
    put: (id, release) => void store.put(releaseKind, id, release).then(told),
    remove: (id) => void store.remove(releaseKind, id).then(told),
  });
  return createSurroundings(new Agents(pauses, releases), new Principals(() => callerSecret(directory, onError)), sessions);
}

/** What all that is known of agents is kept in, besides who is paused: the latest `sessions` conversations. */
export function createSurroundings(agents: Agents, principals: Principals, sessions: number): LoopSurroundings {
  return {
    agents,
    principals,
    clients: new ClientNames(),
    threads: new Threads(sessions),
    toolThreads: new ToolThreads(sessions),
    storms: new Storms(sessions),
    formats,
  };
}

async function knownReleases({ store, onError }: Pick<AgentsOptions, 'store' | 'onError'>): Promise<readonly KeptRelease[]> {
  return (await store.load(releaseKind)).flatMap(({ id, value }) => {
    const release = releaseFrom(value);
    if (!release) onError(new Error(`the record ${JSON.stringify(id)} is no release`), 'from what an agent was let go on cannot be read');
    return release ?? [];
  });
}

/** Pauses of the store, and those that an earlier version left in a file of their own, which goes once the store has them. */
async function knownPauses({ directory, store, onError }: Omit<AgentsOptions, 'sessions'>): Promise<readonly Pause[]> {
  const known = new Map<string, Pause>();
  for (const { id, value } of await store.load(kind)) {
    const pause = pauseFrom(value);
    if (pause) known.set(id, pause);
    else onError(new Error(`the record ${JSON.stringify(id)} is no pause`), 'a pause of before cannot be read');
  }
  const file = join(directory, 'pauses.json');
  try {
    for (const pause of pausesInFile(file)) {
      const id = pauseId(pause.agent, pause.principal);
      if (known.has(id)) continue;
      known.set(id, pause);
      void store.put(kind, id, pause);
    }
    if (existsSync(file) && (await store.stored())) rmSync(file);
  } catch (error) {
    onError(error, 'the pauses of an earlier version cannot be taken over');
  }
  return [...known.values()];
}

const formats: LoopFormats = {
  conversation: ({ dialect, request }, call, body, from) => readConversation(dialect.name, call, request, body, from),
  answer: ({ dialect }, { api }, { headers }) => answerReader(dialect.name, api, headers),
  text: ({ dialect }, { headers }, onText) => textDeltas(dialect.name, headers, onText),
  toolCall: ({ dialect, request }, call, body) => readToolCall(dialect.name, call, request, body),
  toolResult: ({ dialect }, { status, headers }) => toolResultReader(dialect.name, status, headers),
};

/** The key that callers are tagged with: that of this installation, or one for this run where it cannot be kept. */
export function callerSecret(directory: string, onError: AgentsOptions['onError']): Uint8Array {
  try {
    return secretIn(directory);
  } catch (error) {
    onError(error, 'the key that tags callers cannot be kept');
    return randomBytes(32);
  }
}

/** The key of this installation, made at its first start. */
function secretIn(directory: string): Uint8Array {
  const file = join(directory, 'secret');
  if (existsSync(file)) return readFileSync(file);
  makeDirectory(directory);
  const secret = randomBytes(32);
  writeFileSync(file, secret, { mode: 0o600, flag: 'wx' });
  return secret;
}
