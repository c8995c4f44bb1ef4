import { pick, type SimulatedAgent } from './agent-world.ts';
import { callSidecar } from './call-model.ts';

/** Asks the same few questions over and over, which a cache answers; and tries out models that nobody has heard of. */
export const batch: SimulatedAgent = {
  name: 'batch',
  restMs: 300,
  async work(world) {
    const model = world.random() < 0.2 ? `experiment-${Math.floor(world.random() * 40)}` : 'gpt-5-mini';
    const question = pick(['tide tables', 'timetables', 'tables of contents', 'multiplication tables'], world);
    await callSidecar(world, 'batch', '/batch/v1/chat/completions', {
      model,
      temperature: 0,
      messages: [{ role: 'user', content: `Classify: ${question}` }],
    });
  },
};
