import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeLink, type LinkedIncident, type LinkParts, linksTo } from '../../src/alerts/signed-links.ts';

const key = Buffer.alloc(32, 7);
const nowMs = Date.UTC(2026, 10, 21);
const paused: LinkedIncident = { id: 'inc_1', reopened: 2, on: 'agent-paused', agent: 'planner', status: 'firing' };

/** The parts of a link as the admin port finds them in its path. */
function partsOf(link: string): LinkParts {
  const [incident, action, round, expires, signature] = new URL(link).pathname.split('/').slice(-5).map(decodeURIComponent);
  return { incident: incident!, action: action!, round: round!, expires: expires!, signature: signature! };
}

test('an incident has the links that make sense in its state', () => {
  const names = (changes: Partial<LinkedIncident>) => Object.keys(linksTo({ ...paused, ...changes }, 'https://x', key, nowMs)).toSorted();
  expect(names({})).toEqual(['acknowledge', 'incident', 'resolve', 'resume']);
  expect(names({ status: 'acknowledged' })).toEqual(['incident', 'resolve', 'resume']);
  expect(names({ status: 'resolved' })).toEqual(['incident']);
  expect(names({ on: 'circuit-open' })).toEqual(['acknowledge', 'incident', 'resolve']);
  expect(linksTo(paused, undefined, key, nowMs)).toEqual({});
});

test.each(['https://x.example', 'https://x.example/', 'https://x.example/side', 'https://x.example/side/'])(
  'links begin with %s',
  (publicUrl) => {
    const { acknowledge = '' } = linksTo(paused, publicUrl, key, nowMs);
    expect(acknowledge.startsWith(`${publicUrl.replace(/\/$/, '')}/links/inc_1/acknowledge/2/`)).toBe(true);
  },
);

test('a link is good for two days, and only by its key', () => {
  const parts = partsOf(linksTo(paused, 'https://x', key, nowMs).resolve!);
  const twoDaysMs = 48 * 3_600_000;
  expect(judgeLink(parts, key, nowMs)).toBe('good');
  expect(judgeLink(parts, key, nowMs + twoDaysMs - 1)).toBe('good');
  expect(judgeLink(parts, key, nowMs + twoDaysMs)).toBe('expired');
  expect(judgeLink(parts, Buffer.alloc(32, 8), nowMs)).toBe('forged');
});

test('no part of it can be changed, or moved to another', () => {
  const parts = partsOf(linksTo(paused, 'https://x', key, nowMs).acknowledge!);
  fc.assert(
    fc.property(fc.constantFrom(...(Object.keys(parts) as (keyof LinkParts)[])), fc.string(), (name, value) => {
      fc.pre(parts[name] !== value);
      expect(judgeLink({ ...parts, [name]: value }, key, nowMs)).toBe('forged');
    }),
  );
  expect(judgeLink({ ...parts, incident: `${parts.incident}/acknowledge`, action: '' }, key, nowMs)).toBe('forged');
});
