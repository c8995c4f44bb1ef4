import type { AgentWorld, SimulatedAgent } from './agent-world.ts';
import { callSidecar } from './call-model.ts';

/** Streams answers to people who speak, up to six at a time, and hangs up on one in ten of them. */
export const voice: SimulatedAgent = {
  name: 'voice',
  restMs: 1500,
  async work(world) {
    const people = world.random() < 0.3 ? 6 : 1 + Math.floor(world.random() * 2);
    await Promise.allSettled(Array.from({ length: people }, () => talk(world)));
  },
};

async function talk(world: AgentWorld): Promise<void> {
  const bored = world.random() < 0.1 ? [AbortSignal.timeout(250)] : [];
  const body = {
    model: 'gpt-4o-mini',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: `When do you open on day ${Math.floor(world.random() * 365)}?` }],
  };
  await callSidecar(world, 'voice', '/voice/v1/chat/completions', body, AbortSignal.any([world.signal, ...bored]));
}
