// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig, loadConfigText } from '../../src/config/load.ts';
import { upstreamOnly } from '../../src/config/upstream-only.ts';
import { policySet } from '../../src/policies/index.ts';

const root = resolve(import.meta.dirname, '../..');
const file = resolve(root, 'config/outrigger.yaml');
const text = readFileSync(file, 'utf8');
const defaults = policySet.parse({ deadline: '10m', timeout: {}, retry: {}, circuitBreaker: {}, bulkhead: {}, loopDetection: {} });

describe('the packaged configuration', () => {
  const result = loadConfig({ config: file, environment: {}, directory: root });

  it('loads without any environment variable and without a warning', () => {
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });

  it('spells out the defaults as they are', () => {
    if (!result.ok) throw new Error('it does not load');
    const { config } = result;
    expect(config.policies['llm']).toEqual(defaults);
    const bare = loadConfigText('upstreams: { a: { url: http://x } }\nroutes: [{ path: /, upstream: a }]').config;
    for (const key of ['listen', 'admin', 'responseHeaders', 'clientRetries', 'drainTimeout', 'limits', 'telemetry'] as const) {
      expect(config[key], key).toEqual(bare[key]);
    }
  });

  it('has examples in its comments that are valid once they are no comments', () => {
    // Keys and list items behind `# `; sentences start with a capital or have no colon.
    const uncommented = text.replace(/^( *)# ( *(?:[a-z][a-zA-Z]*:(?: .*)?|- \{.*))$/gm, '$1$2');
    expect(uncommented).not.toBe(text);
    const environment = {
      OUTRIGGER_ADMIN_TOKEN: '0123456789abcdef',
      SPARE_KEY: 'a',
      PLANNER_KEY: 'b',
      SLACK_WEBHOOK_URL: 'https://hooks.slack.com/x',
    };
    const { config } = loadConfigText(uncommented, { environment, directory: root });
    expect(config.agents['planner']?.keys).toEqual(['b']);
    expect(config.policies['tool']?.bulkhead?.concurrent).toBe(8);
    expect(config.upstreams['spare']?.headers).toEqual({ authorization: 'Bearer a' });
    expect(config.admin).toMatchObject({ token: '0123456789abcdef', hosts: ['outrigger:4142'] });
    expect(config.policies['llm']?.fallback).toMatchObject([{ model: 'gpt-5-mini' }, { upstream: 'spare' }]);
    expect(config.policies['llm']).toMatchObject({ cache: { mode: 'fallback' }, degrade: { observe: false }, chaos: { enabled: false } });
    expect(config.policies['llm']?.loopDetection?.caps).toEqual({ rounds: 500, tokens: 5_000_000, costUsd: 20, wallTime: 28_800_000 });
    expect(config.alerts?.rules).toHaveLength(3);
    expect(config.state.dir).toBe('/var/lib/outrigger');
    expect(config.policies['llm']?.timeout).toMatchObject({ answer: 300_000, total: 1_800_000 });
  });
});

describe('the configuration for one upstream', () => {
  it('has every policy at its defaults, everywhere', () => {
    const { config } = loadConfigText(JSON.stringify(upstreamOnly('http://127.0.0.1:9/base')));
    expect(config.policies['llm']).toEqual(defaults);
    expect(config.routes).toEqual([{ path: '/', upstream: 'upstream', policy: 'llm' }]);
    expect(config.upstreams['upstream']).toMatchObject({ url: 'http://127.0.0.1:9/base', dialect: 'auto' });
  });
});

describe('the JSON Schema', () => {
  const committed: unknown = JSON.parse(readFileSync(resolve(root, 'config/outrigger.schema.json'), 'utf8'));
  // It takes the place of a JSON Schema validator, and refuses what it does not know.
  const schema = z.fromJSONSchema(committed as Parameters<typeof z.fromJSONSchema>[0]);

  it('is committed as it is generated: `npm run schema` writes it', () => {
    expect(committed).toEqual(configJsonSchema());
  });

  it('takes the packaged configuration', () => {
    expect(schema.safeParse(parse(text)).error).toBeUndefined();
  });

  it.each([
    { policies: { p: { retry: { attempts: '${N:-3}', budget: { ratio: '${SHARE}' } }, deadline: '${D}' } } },
    { clientRetries: '${RETRIES}', responseHeaders: '${HEADERS}', listen: '${LISTEN}' },
    { admin: { token: 'file:/run/secrets/token' } },
    { listen: { address: '127.0.0.1:0', cert: 'a', key: 'b' } },
    { agents: { planner: { keys: ['x'], retry: {} } } },
  ])('takes %j', (more) => {
    const whole = { upstreams: { a: { url: 'http://x' } }, routes: [{ path: '/', upstream: 'a' }], ...more };
    expect(schema.safeParse(whole).error).toBeUndefined();
  });

  it.each([
    { foo: 1 },
    { policies: { p: { retry: { attempts: 11 } } } },
    { policies: { p: { retry: { on: ['foo'] } } } },
    { policies: { p: { deadline: '5' } } },
    { policies: { p: { deadline: 5 } } },
    { clientRetries: 'maybe' },
    { limits: null },
    { routes: [] },
  ])('refuses %j', (more) => {
    const whole = { upstreams: { a: { url: 'http://x' } }, routes: [{ path: '/', upstream: 'a' }], ...more };
    expect(schema.safeParse(whole).success).toBe(false);
  });

  it('describes every section of the file', () => {
    const { properties } = configJsonSchema() as { properties: Record<string, { description?: string }> };
    expect(Object.entries(properties).filter(([, { description }]) => !description)).toEqual([]);
    expect(Object.keys(properties).length).toBeGreaterThan(10);
  });
});
