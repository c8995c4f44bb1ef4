import type { Policy, PolicyContext } from '../core/policy.ts';
import type { LoopDetectionSettings } from '../settings/loop-detection.ts';
import { LoopResponse } from './loop-response.ts';
import type { LoopSurroundings } from './loop-surroundings.ts';
import { ModelLoops } from './model-loops.ts';
import { ToolLoops } from './tool-loops.ts';

/**
 * Sees an agent go in circles and warns, puts a note to the model into the request, or pauses the agent: by the history that
 * it sends with each request to a model, by the answers that are streamed to it, and by the calls that it makes of tools.
 */
export function createLoopDetection(settings: LoopDetectionSettings, surroundings: LoopSurroundings, { clock }: PolicyContext): Policy {
  const rules = {
    ignoredArguments: new Set(settings.ignoreArguments),
    pollTools: new Set(settings.pollTools),
    exemptTools: new Set(settings.exemptTools),
  };
  const response = new LoopResponse(surroundings.agents, clock, settings.observe);
  const terms = { settings, rules, surroundings, clock, response };
  const models = new ModelLoops(terms);
  const tools = new ToolLoops(terms);
  return {
    name: 'loopDetection',
    async run(exchange, next) {
      const { request } = exchange;
      if (request.upgrade !== undefined) return next(exchange);
      const call = await request.call();
      return call.kind === 'llm' ? models.run(exchange, call, next) : tools.run(exchange, call, next);
    },
  };
}
