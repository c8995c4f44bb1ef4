import { sleep } from '../../core/clock.ts';
import { mulberry32 } from '../../core/mulberry32.ts';
import type { AgentWorld, SimulatedAgent } from './agent-world.ts';
import { batch } from './batch.ts';
import { coder } from './coder.ts';
import { listener } from './listener.ts';
import { planner } from './planner.ts';
import { researcher } from './researcher.ts';
import { voice } from './voice.ts';

const agents: readonly SimulatedAgent[] = [planner, coder, voice, listener, researcher, batch];

/** Lets all agents work until the signal aborts. Never rejects: what breaks is what the demo shows. */
export async function runAgents(world: Omit<AgentWorld, 'random'>, seed: number): Promise<void> {
  await Promise.all(agents.map((agent, index) => live(agent, { ...world, random: mulberry32(seed + index) })));
}

async function live(agent: SimulatedAgent, world: AgentWorld): Promise<void> {
  while (!world.signal.aborted) {
    try {
      await agent.work(world);
    } catch {
      // A broken connection, or the end of the demo.
    }
    await sleep(world.clock, agent.restMs * (0.5 + world.random() / 2), world.signal);
  }
}
