import { describe, expect, it } from 'vitest';
import { policiesFor } from '../../src/config/config.ts';
import { loadConfigText } from '../../src/config/load.ts';

const text = `
upstreams: { a: { url: http://x } }
routes: [{ path: /, upstream: a, policy: p }]
policies:
  p: { deadline: 1m, retry: { attempts: 4, on: [timeout, network], backoff: { base: 1s } }, timeout: { connect: 1s } }
agents:
  default: { deadline: 2m }
  planner: { keys: [k], retry: { on: [overloaded], backoff: { max: 9s } }, bulkhead: {} }
  plain: {}
`;

describe('the policies of an agent', () => {
  const { config } = loadConfigText(text);

  it('are those of the policy set with its own settings over them, key by key', () => {
    const set = policiesFor(config, 'p', 'planner');
    expect(set.deadline).toBe(60_000);
    expect(set.timeout?.connect).toBe(1000);
    expect(set.retry).toMatchObject({ attempts: 4, on: ['overloaded'], backoff: { base: 1000, max: 9000, multiplier: 2 } });
    expect(set.bulkhead?.concurrent).toBe(256);
    expect(set).not.toHaveProperty('keys');
  });

  it('are those of the set where it sets nothing', () => {
    expect(policiesFor(config, 'p', 'plain')).toEqual(config.policies['p']);
  });

  it('are those of the default agent where it is not named', () => {
    expect(policiesFor(config, 'p', 'somebody')).toEqual({ ...config.policies['p'], deadline: 120_000 });
    expect(policiesFor(config, 'p', 'toString').deadline).toBe(120_000);
  });

  it('are its own alone on a route without a policy set', () => {
    expect(Object.keys(policiesFor(config, undefined, 'planner')).toSorted()).toEqual(['bulkhead', 'retry']);
    expect(policiesFor(config, undefined, 'plain')).toEqual({});
  });

  it('are those of the set where no agents are configured', () => {
    const bare = loadConfigText(text.slice(0, text.indexOf('agents:'))).config;
    expect(policiesFor(bare, 'p', 'somebody')).toBe(bare.policies['p']);
    expect(policiesFor(bare, undefined, 'somebody')).toEqual({});
  });
});
