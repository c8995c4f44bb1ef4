import { expect, it } from 'vitest';
import type { ProxiedRequest } from '../../../src/core/exchange.ts';
import { headerValue } from '../../../src/core/headers.ts';
import { body, post } from '../../policies/kit.ts';
import type { DialectCases } from './cases.ts';
import { placed } from './described.ts';

/** What every dialect promises of the requests that it changes: all bytes stay but those that must differ. */
export function changesRequests(cases: DialectCases): void {
  const { dialect, retargets = [], hints = [] } = cases;

  for (const { name, request, body: text, model, becomes } of retargets) {
    it(`${becomes ? 'makes' : 'refuses'} another model for a call ${name}`, async () => {
      const asked = requestOf(cases, request, text);
      const changed = dialect.retarget(asked, { upstream: 'spare', model });
      if (!becomes) {
        expect(changed).toBeUndefined();
        return;
      }
      expect(changed?.path).toBe(becomes.path ?? asked.path);
      expect(await sent(changed)).toBe(becomes.body ?? text);
      await isWhole(changed, asked);
      expect((await changed?.call())?.model).toBe(model);
    });
  }

  for (const { name, request, body: text, text: note = 'Same call: "x" — again.', becomes } of hints) {
    it(`${becomes === undefined ? 'has no place for' : 'puts'} a note in a call ${name}`, async () => {
      const asked = requestOf(cases, request, text);
      const changed = dialect.hint(asked, note);
      if (becomes === undefined) {
        expect(changed).toBeUndefined();
        return;
      }
      const now = await sent(changed);
      expect(JSON.parse(now)).toEqual(becomes);
      expect(now).toContain(JSON.stringify(note).slice(1, -1));
      expect(keptIn(text, now)).toBe(true);
      await isWhole(changed, asked);
      expect(changed && placed(await changed.call(), now)).toEqual(placed(await asked.call(), text));
    });
  }
}

function requestOf({ dialect, request }: DialectCases, asked: DialectCases['calls'][number]['request'], text: string): ProxiedRequest {
  const facts = { ...request, ...asked };
  const headers = [...facts.headers, 'Content-Length', String(Buffer.byteLength(text))];
  return post({ ...facts, headers, body: body(text), call: () => dialect.describe(facts, Buffer.from(text)) });
}

/** The changed request can be sent again and again, its length is true, and nothing else of its head has changed. */
async function isWhole(changed: ProxiedRequest | undefined, asked: ProxiedRequest): Promise<void> {
  const text = await sent(changed);
  expect(await sent(changed)).toBe(text);
  expect(changed?.body.bytes?.byteLength).toBe(Buffer.byteLength(text));
  expect(changed?.body.length).toBe(Buffer.byteLength(text));
  expect(changed?.body.replayable).toBe(true);
  expect(changed?.method).toBe(asked.method);
  const lengthOf = (headers: ProxiedRequest['headers']) => headerValue(headers, 'content-length');
  expect(lengthOf(changed?.headers ?? [])).toBe(String(Buffer.byteLength(text)));
  const others = (headers: ProxiedRequest['headers']) => headers.filter((field) => field !== lengthOf(headers));
  expect(others(changed?.headers ?? [])).toEqual(others(asked.headers));
}

/** Whether all of the first text still stands in the second, in its order. */
function keptIn(before: string, after: string): boolean {
  let at = 0;
  for (const letter of after) if (before.startsWith(letter, at)) at += letter.length;
  return at === before.length;
}

async function sent(request: ProxiedRequest | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request?.body.open() ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
