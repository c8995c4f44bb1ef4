import { sleep } from '../../core/clock.ts';
import { isRecord, recordsIn } from '../json-fields.ts';
import type { AgentWorld, SimulatedAgent } from './agent-world.ts';
import { callSidecar, letGoOn } from './call-model.ts';

const tools = ['read_file', 'run_tests'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { path: { type: 'string' } } } },
}));

/** Rounds of one piece of work, at most. */
const mostRounds = 12;
const paused = 423;

/** How long a paused agent waits for a person. */
const personMs = 3000;
const note = 'The tests need a database that you have not got: give it up and say so.';

/**
 * Reads a file, runs tests that fail, and runs them again and again. It is paused for that; a person comes by after some
 * seconds, tells its model to leave it, and lets it go on.
 */
export const coder: SimulatedAgent = {
  name: 'coder',
  restMs: 2000,
  async work(world) {
    const messages: unknown[] = [{ role: 'user', content: `Make the tests pass. (${Math.floor(world.random() * 1e6)})` }];
    for (let round = 0; round < mostRounds; round += 1) {
      const { status, text } = await ask(world, messages);
      if (status === paused) {
        await sleep(world.clock, personMs, world.signal);
        await letGoOn(world, 'coder', note);
        continue;
      }
      const message = messageOf(text);
      const [call] = recordsIn(message?.['tool_calls']);
      if (status !== 200 || !call) return;
      const [called] = recordsIn([call['function']]);
      const content = called?.['name'] === 'run_tests' ? '2 tests failed: no connection to the database' : 'export const answer = 42;';
      messages.push(message, { role: 'tool', tool_call_id: call['id'], content });
      await sleep(world.clock, 150, world.signal);
    }
  },
};

function ask(world: AgentWorld, messages: readonly unknown[]) {
  return callSidecar(world, 'coder', '/openai/v1/chat/completions', { model: 'gpt-5-mini', messages, tools });
}

function messageOf(text: string) {
  const parsed: unknown = JSON.parse(text);
  const [choice] = isRecord(parsed) ? recordsIn(parsed['choices']) : [];
  return recordsIn([choice?.['message']])[0];
}
