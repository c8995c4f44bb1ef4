import { describe, expect, test } from 'vitest';
import { type HttpMessage, statusOf, valuesOf } from '../kit/http-message.ts';
import { rawClient } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { begun, earlyFaults, type Fault, jsonFaults, lateFaults, limitsFor } from './faults.ts';
import { asking, inTurn, ledgerOf, saying, sidecarTo, streaming, textOf } from './kit.ts';

/** The policies, each alone. The upstream is well again when it is asked twice; a cache has seen a good answer before. */
const policies = {
  retry: { retry: { attempts: 2, backoff: { base: '1ms' } } },
  fallback: { fallback: [{ upstream: 'spare' }] },
  cache: { cache: {} },
  degrade: { degrade: {} },
} as const;

type PolicyName = keyof typeof policies;

/** The verdict of the attempt that fails, and what the agent gets under each policy: what an upstream says, or a status. */
type Expected = readonly [verdict: string, ...told: string[]];

// In the order of the policies:  retry, fallback, cache, degrade.
const mended = ['main again', 'spare', 'stored', 'sentence'];

const byStatus = {
  'status 500': ['server-error', ...mended],
  'status 503': ['overloaded', ...mended],
  'status 429': ['rate-limited', ...mended],
  // Asking the same upstream again does not help.
  'status 429 for a spent quota': ['quota-exhausted', '429', 'spare', 'stored', 'sentence'],
  'status 404 for a model': ['model-unavailable', '404', 'spare', 'stored', 'sentence'],
  'status 400 for a long context': ['context-length', '400', 'spare', 'stored', 'sentence'],
  // The agent's own to mend.
  'status 400': ['client-error', '400', '400', '400', '400'],
  'status 401': ['auth', '401', '401', '401', '401'],
} as const satisfies Record<string, Expected>;

const json: Record<keyof typeof jsonFaults, Expected> = {
  ...byStatus,
  'a reset': ['network', ...mended],
  'a closed connection': ['network', ...mended],
  silence: ['timeout', ...mended],
  'a cut body': ['network', ...mended],
  'a body that stalls': ['timeout', ...mended],
  'an error in a 200': ['server-error', ...mended],
  'an empty 200': ['server-error', ...mended],
  'half a JSON': ['server-error', ...mended],
  'no HTTP': ['network', ...mended],
};

const early: Record<keyof typeof earlyFaults, Expected> = {
  ...byStatus,
  'a reset': ['network', ...mended],
  'a closed connection': ['network', ...mended],
  silence: ['timeout', ...mended],
  'silence behind the head': ['timeout', ...mended],
  'a cut behind the first frame': ['network', ...mended],
  'an error as an event': ['server-error', ...mended],
  'an end without content': ['server-error', ...mended],
  'half an event': ['server-error', ...mended],
  'no HTTP': ['network', ...mended],
};

// Nothing can mend what the agent has begun to read: it is told that it broke, in any case.
const broken = ['broken off', 'broken off', 'broken off', 'broken off'];

const late: Record<keyof typeof lateFaults, Expected> = {
  'a reset': ['ok', ...broken],
  'a cut': ['ok', ...broken],
  silence: ['ok', ...broken],
  'an error as an event': ['ok', ...broken],
  // The format's own way to say so.
  'an error as an event and the end mark': ['ok', 'begun', 'begun', 'begun', 'begun'],
  'an end without its mark': ['ok', ...broken],
};

/** A row for every fault and policy. */
function rows<Name extends string>(faults: Readonly<Record<Name, Fault>>, table: Readonly<Record<Name, Expected>>) {
  return (Object.keys(faults) as Name[]).flatMap((name) => {
    const [verdict, ...told] = table[name];
    return (Object.keys(policies) as PolicyName[]).map((policy, index) => [name, policy, verdict, told[index]!, faults[name]] as const);
  });
}

describe('a call that is not streamed', () => {
  test.each(rows(jsonFaults, json))('that fails by %s is, with %s, judged as %s and told %s', async (_, policy, verdict, told, fault) => {
    expect(await outcomeOf(policy, fault, 'json')).toEqual({ verdict, told });
  });
});

describe('a stream that the agent has seen nothing of', () => {
  test.each(rows(earlyFaults, early))('that fails by %s is, with %s, judged as %s and told %s', async (_, policy, verdict, told, fault) => {
    expect(await outcomeOf(policy, fault, 'early')).toEqual({ verdict, told });
  });
});

describe('a stream that the agent has begun to read', () => {
  test.each(rows(lateFaults, late))('that fails by %s is, with %s, judged as %s and told %s', async (_, policy, verdict, told, fault) => {
    expect(await outcomeOf(policy, fault, 'late')).toEqual({ verdict, told });
  });
});

/** What becomes of a call whose upstream fails so, under one policy. */
async function outcomeOf(policy: PolicyName, fault: Fault, when: 'json' | 'early' | 'late'): Promise<{ verdict: string; told: string }> {
  const stream = when !== 'json';
  const good = (text: string) => (stream ? streaming(text) : saying(text));
  const seen = Promise.withResolvers<void>();
  let asked = 0;
  const failing = policy === 'cache' ? 2 : 1;
  const fails = () => (policy === 'retry' ? asked === failing : asked >= failing);
  const main = await rawUpstream(async (connection) => {
    while ((await connection.request())?.whole) {
      asked += 1;
      if (!fails()) {
        connection.send(good(policy === 'cache' ? 'stored' : 'main again'));
        continue;
      }
      if (when === 'late') {
        connection.send(begun);
        await seen.promise;
      }
      connection.send(fault.bytes);
      if (fault.leaves === 'reset') connection.reset();
      if (fault.leaves === 'fin') connection.halfClose();
      if (fault.leaves !== 'next') return;
    }
  });
  const spare = await rawUpstream(inTurn(good('spare')));
  const product = await sidecarTo({ main, spare }, { timeout: limitsFor(fault.leaves === 'stay'), ...policies[policy] });

  const call = async (): Promise<HttpMessage> => {
    const agent = await rawClient(product.proxy);
    agent.send(asking({ stream }));
    if (when === 'late' && asked === failing - 1) {
      await agent.seen('begun');
      seen.resolve();
    }
    const answer = await agent.response();
    agent.close();
    return answer;
  };
  if (policy === 'cache') await call();
  const answer = await call();
  const [, verdict = ''] = /verdict=([a-z-]+)/.exec(ledgerOf(answer) ?? '') ?? [];
  return { verdict, told: toldBy(answer) };
}

function toldBy(answer: HttpMessage): string {
  if (!answer.whole) return 'broken off';
  const [degraded] = valuesOf(answer, 'x-outrigger-degraded');
  if (degraded === 'message') return 'sentence';
  expect(degraded).toBe(textOf(answer) === 'stored' ? 'cache' : undefined);
  return statusOf(answer) === 200 ? textOf(answer) : String(statusOf(answer));
}
