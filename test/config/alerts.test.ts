import { expect, it } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { maskedConfig } from '../../src/config/masked-config.ts';
import { ConfigError } from '../../src/config/problem.ts';

const hook = '{ webhook: { url: https://example.org/secret-path, secret: hidden-word-of-many-characters } }';
const text = (alerts: string) => `upstreams: { a: { url: http://x } }\nroutes: [{ path: /, upstream: a }]\nalerts: ${alerts}`;

function problemOf(alerts: string): string {
  try {
    loadConfigText(text(alerts));
    return 'none';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
  }
}

it.each([
  [
    `{ channels: { ops: ${hook} }, rules: [{ on: circuit-open, send: [opps] }] }`,
    'alerts.rules.0.send.0: there is no channel of this name, did you mean "ops"?',
  ],
  [`{ rules: [{ on: circuit-open }] }`, 'alerts.rules.0: tells nobody: give it send, or the alerts an escalation'],
  [
    `{ channels: { ops: ${hook} }, rules: [{ on: error-rate, send: [ops] }] }`,
    'alerts.rules.0: a rule on error-rate needs above: expected a share from 0% to 100%, such as 25%',
  ],
  [
    `{ channels: { ops: ${hook} }, rules: [{ on: latency, above: 25%, send: [ops] }] }`,
    'alerts.rules.0.above: expected a duration such as 5s',
  ],
  [
    `{ channels: { ops: ${hook} }, rules: [{ on: loop-detected, above: 3, send: [ops] }] }`,
    'alerts.rules.0.above: a rule on loop-detected counts events: it has no above; see minimum',
  ],
  [
    `{ channels: { ops: ${hook} }, rules: [{ on: agent-paused, minimum: 3, send: [ops] }] }`,
    'alerts.rules.0.minimum: agent-paused is a state: it has no minimum; see for',
  ],
  [
    `{ channels: { ops: ${hook} }, rules: [{ on: circuit-opened, send: [ops] }] }`,
    'alerts.rules.0.on: no such value, did you mean "circuit-open"?',
  ],
  [
    `{ channels: { ops: ${hook} }, escalation: [{ after: 10m, send: [ops] }, { after: 5m, send: [ops] }] }`,
    'alerts.escalation.1.after: is before the level above it',
  ],
  [`{ channels: { ops: {} } }`, 'alerts.channels.ops: expected exactly one of slack, email and webhook'],
  [`{ silences: [{ match: {} }] }`, 'alerts.silences.0.match: expected at least one of on, upstream, agent and severity'],
])('says what is wrong with alerts: %s', (alerts, problem) => {
  expect(problemOf(alerts)).toBe(problem);
});

it('warns of alerts without rules', () => {
  const { warnings } = loadConfigText(text(`{ channels: { ops: ${hook} } }`));
  expect(warnings.map(({ message }) => message)).toEqual(['has no rules, so nobody is told anything but what Alertmanager posts']);
});

it('shows no secrets of channels', () => {
  const loaded = loadConfigText(text(`{ channels: { ops: ${hook} }, rules: [{ on: circuit-open, send: [ops] }] }`));
  const shown = JSON.stringify(maskedConfig(loaded));
  expect(shown).toContain('circuit-open');
  expect(shown).not.toMatch(/hidden-word|secret-path/);
});
