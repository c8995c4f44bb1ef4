import type { Usage } from '../../core/usage.ts';
import { Series } from '../series.ts';
import { BoundedFamily, distributions } from './bounded-family.ts';
import { genAiLatest, genAiV141 } from './families.ts';

/** Operation, provider, model, address and port: what stands in every series about a model. */
export type ModelLabels = readonly [
  operation: string,
  provider: string | undefined,
  model: string | undefined,
  address: string | undefined,
  port: number | undefined,
];

/** What the versions of the GenAI conventions have different names for. */
export interface ModelFamilies {
  readonly families: readonly (ReturnType<typeof distributions> | ReturnType<typeof counts>)[];
  attempt(labels: ModelLabels, ms: number, error: string | undefined): void;
  firstChunk(labels: ModelLabels, ms: number): void;
  used(labels: ModelLabels, usage: Usage): void;
}

/** By v1.41. */
export function modelsV141(): ModelFamilies {
  const duration = distributions(genAiV141.duration);
  const firstChunk = distributions(genAiV141.firstChunk);
  const tokens = distributions(genAiV141.tokens);
  return {
    families: [duration, firstChunk, tokens],
    attempt: (labels, ms, error) => duration.at(...labels, error).observeMs(ms),
    firstChunk: (labels, ms) => firstChunk.at(...labels).observeMs(ms),
    used(labels, usage) {
      tokens.at(...labels, 'input').observe(usage.input + usage.cacheRead + usage.cacheWrite);
      tokens.at(...labels, 'output').observe(usage.output + usage.reasoning);
    },
  };
}

/** By the repository that the conventions have moved to. */
export function modelsLatest(): ModelFamilies {
  const duration = distributions(genAiLatest.duration);
  const firstChunk = distributions(genAiLatest.firstChunk);
  const input = counts(genAiLatest.inputTokens);
  const output = counts(genAiLatest.outputTokens);
  const cacheRead = counts(genAiLatest.cacheRead);
  const cacheWrite = counts(genAiLatest.cacheWrite);
  const reasoning = counts(genAiLatest.reasoning);
  return {
    families: [duration, firstChunk, input, output, cacheRead, cacheWrite, reasoning],
    attempt: (labels, ms, error) => duration.at(...labels, error).observeMs(ms),
    firstChunk: (labels, ms) => firstChunk.at(...labels).observeMs(ms),
    used(labels, usage) {
      input.at(...labels).value += usage.input + usage.cacheRead + usage.cacheWrite;
      output.at(...labels).value += usage.output + usage.reasoning;
      cacheRead.at(...labels).value += usage.cacheRead;
      cacheWrite.at(...labels).value += usage.cacheWrite;
      reasoning.at(...labels).value += usage.reasoning;
    },
  };
}

function counts(facts: (typeof genAiLatest)[keyof typeof genAiLatest]): BoundedFamily<Series<string | number>> {
  return new BoundedFamily(facts, (attributes) => new Series(attributes));
}
