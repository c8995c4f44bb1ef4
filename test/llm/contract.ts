import { describe, expect, it } from 'vitest';
import { judgesAnswers } from './contract/answers.ts';
import type { DialectCases } from './contract/cases.ts';
import { changesRequests } from './contract/changed-requests.ts';
import { placed } from './contract/described.ts';
import { writesInItsFormat } from './contract/own-words.ts';

export { json, ndjson, sse } from './contract/cases.ts';

/** What every dialect promises, checked on its cases: cutting an answer at any byte changes nothing. */
export function keepsItsContract(cases: DialectCases): void {
  const { dialect, request, calls } = cases;

  describe(`the ${dialect.name} dialect`, () => {
    for (const { name, request: asked, body, call } of calls) {
      it(`describes the call ${name}`, () => {
        const described = dialect.describe({ ...request, ...asked }, body === undefined ? undefined : Buffer.from(body));
        expect(placed(described, body)).toEqual(call);
      });
    }
    judgesAnswers(cases);
    changesRequests(cases);
    writesInItsFormat(cases);
  });
}
