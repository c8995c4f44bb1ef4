import { describe, expect, test } from 'vitest';
import { json, saying } from '../policies-e2e/kit.ts';
import { chatCall, faulty, stage } from './kit.ts';

const echoing = faulty((connection, _, head) => {
  connection.send(json('200 OK', { echo: head.startLine }));
  return 'next';
});
const answering = faulty((connection) => {
  connection.send(saying('hello'));
  return 'next';
});

describe('what must hold behind every fault does not', () => {
  test('where the key of the request is told', async () => {
    const it = await stage({ main: echoing, policy: {} });
    await (await it.agent(chatCall())).response();
    await expect(it.aftermath({ ok: 1 })).rejects.toThrow('not to contain');
  });

  test.each([{ retried: 1 }, { ok: 0, cancelled: 1 }])('where a call has ended as something else than %j', async (outcomes) => {
    const it = await stage({ main: answering, policy: {} });
    await (await it.agent(chatCall())).response();
    await expect(it.aftermath(outcomes)).rejects.toThrow();
  });

  test('where a socket is left', async () => {
    const it = await stage({ main: answering, policy: {} });
    await (await it.agent(chatCall())).response();
    const other = await stage({ main: answering, policy: {} });
    await (await other.agent(chatCall())).response();
    await expect(it.aftermath({ ok: 1 })).rejects.toThrow();
  });
});
