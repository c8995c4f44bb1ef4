import type { Evidence } from './pauses.ts';

/** A loop in words, for the agent, for people and for alerts: the name of a tool is all in it that comes from outside. */
export function describeLoop({ kind, count, tool, firstRound, lastRound }: Omit<Evidence, 'fingerprint'>): string {
  const what = `${words[kind](count, quoted(tool))}`;
  return lastRound > 0 ? `${what} (rounds ${firstRound} to ${lastRound} of the conversation)` : what;
}

const words: Readonly<Record<Evidence['kind'], (count: number, tool: string) => string>> = {
  repeat: (count, tool) => `it called ${tool} ${count} times in a row with the same arguments and the same result`,
  'near-repeat': (count, tool) => `it called ${tool} ${count} times in a row with the same arguments, and the results hardly differ`,
  cycle: (count, tool) => `it went through the same steps (${tool}) ${count} times with the same results`,
  error: (count, tool) => `it got the same error from ${tool} ${count} times in a row`,
  monologue: (count) => `it said the same ${count} times in a row`,
  interleaved: (count, tool) => `it came back to the same call of ${tool} with the same result ${count} times`,
  stagnation: (count, tool) => `it got the same result from ${tool} ${count} times in a row, whatever the arguments`,
  storm: (count) => `it sent the same request ${count} times within a minute`,
  stream: (count) => `its answer repeats one passage ${count} times`,
  cap: (count, tool) => `it has come to ${count} ${tool} in one session and so to its limit`,
};

function quoted(tool: string): string {
  const name = tool.replace(/[^\w .,:/-]/gu, '').slice(0, 60);
  return name === '' ? 'a tool' : name;
}
