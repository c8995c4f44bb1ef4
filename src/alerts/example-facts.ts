import { cut } from './caps.ts';
import type { Fact } from './channel.ts';
import type { Observation } from './observation.ts';

/** With the ledger, which may come later, they are 12. */
const factsLimit = 11;
const valueLimit = 500;

/** The evidence of an observation, capped, with its call as the example. */
export function exampleFacts({ upstream, agent, facts = [], call }: Observation): Fact[] {
  const all: (Fact | undefined)[] = [
    fact('upstream', upstream ?? call?.upstream),
    fact('agent', agent ?? call?.agent.name),
    ...facts,
    fact('example', call?.id),
    fact('session', call?.session),
    fact('route', call?.route),
    fact('ledger', call?.ledger() || undefined),
  ];
  return (
    all
      .filter((one) => one !== undefined)
      // What was put together before, before a state had lasted long enough, stands in `facts`.
      .filter(({ name }, index, those) => those.findIndex((other) => other.name === name) === index)
      .slice(0, factsLimit)
      .map(({ name, value }) => ({ name, value: cut(value, valueLimit) }))
  );
}

function fact(name: string, value: string | undefined): Fact | undefined {
  return value === undefined ? undefined : { name, value };
}
