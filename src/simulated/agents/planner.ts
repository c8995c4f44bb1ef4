import { pick, type SimulatedAgent } from './agent-world.ts';
import { callSidecar } from './call-model.ts';

const questions = ['Plan a release.', 'Plan a journey to the sea.', 'Which of these tickets comes first, and why?'] as const;

/** Asks for plans as JSON, now and then in a way that only its own provider can answer. */
export const planner: SimulatedAgent = {
  name: 'planner',
  restMs: 400,
  async work(world) {
    const manyAnswers = world.random() < 0.2 ? { n: 2 } : {};
    await callSidecar(world, 'planner', '/openai/v1/chat/completions', {
      model: 'gpt-5',
      response_format: { type: 'json_object' },
      messages: [{ role: 'user', content: `${pick(questions, world)} As JSON, please. ${world.random()}` }],
      ...manyAnswers,
    });
  },
};
