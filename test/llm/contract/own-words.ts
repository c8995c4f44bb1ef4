import { expect, it } from 'vitest';
import { type ErrorCode, errorCodes } from '../../../src/core/error-codes.ts';
import { failure } from '../../../src/core/failure.ts';
import { headerValue, mediaType } from '../../../src/core/headers.ts';
import { textOf } from '../../policies/kit.ts';
import { type DialectCases, watchFor } from './cases.ts';

/** What every dialect promises of refusals, of ends put to broken streams and of spoken answers. */
export function writesInItsFormat(cases: DialectCases): void {
  const { dialect, codeOf, speaks } = cases;
  const broken = cases.breakOff === undefined ? [] : [cases.breakOff].flat();

  it('refuses every failure of ours in its own format, with the status and the code of the failure', async () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const reply = dialect.refuse(failure(code, 'a "quoted" reason — why', { retryAfterMs: 1500 }));
      expect(reply).toMatchObject({
        kind: 'reply',
        origin: 'ourselves',
        status: errorCodes[code].status,
        verdict: errorCodes[code].verdict,
        retryAfterMs: 1500,
      });
      const text = await textOf(reply);
      expect(headerValue(reply.headers, 'content-length')).toBe(String(Buffer.byteLength(text)));
      expect(mediaType(reply.headers)).toMatch(/json$/);
      expect(text).toContain(JSON.stringify('a "quoted" reason — why').slice(1, -1));
      expect(codeOf(JSON.parse(text))).toBe(code);
      expect((await reply.ended).complete).toBe(true);
    }
  });

  it('names the timer that ran out beside the code, and none where none did', async () => {
    const late = await textOf(dialect.refuse(failure('upstream_timeout', 'late', { phase: 'firstByte' })));
    expect(phaseBeside(JSON.parse(late), 'upstream_timeout')).toBe('firstByte');
    expect(await textOf(dialect.refuse(failure('upstream_timeout', 'late')))).not.toContain('phase');
  });

  it(broken.length > 0 ? 'tells of a broken stream so that it is judged as failed' : 'does not append to a broken stream', async () => {
    const event = dialect.breakOff({ code: 'upstream_timeout', message: 'silent for 60 s' });
    expect(event !== undefined).toBe(broken.length > 0);
    for (const { begun, ...head } of event ? broken : []) {
      expect(Buffer.from(event!).toString()).toContain('silent for 60 s');
      const watcher = watchFor(cases, head);
      expect(await watcher.push(Buffer.from(begun))).toBe('ok');
      expect(await watcher.push(event!)).toBe('server-error');
      expect(await watcher.end(true)).toMatchObject({ verdict: 'server-error', complete: false });
    }
  });

  it('speaks only where a model would, with an answer that it takes for whole and good itself', async () => {
    expect(dialect.speak('One moment.', { kind: 'other', repeatable: false, stateful: false })).toBeUndefined();
    for (const call of speaks) {
      const reply = dialect.speak('Hold on — "soon".', call);
      expect(reply, JSON.stringify(call)).toMatchObject({ status: 200, verdict: 'ok', origin: 'degraded' });
      const text = await textOf(reply!);
      expect(headerValue(reply!.headers, 'content-length')).toBe(String(Buffer.byteLength(text)));
      expect(text).toContain('Hold on — \\"soon\\".');
      const watcher = watchFor(cases, { headers: reply!.headers });
      await watcher.push(Buffer.from(text));
      const judged = await watcher.end(true);
      expect(judged).toMatchObject({ verdict: 'ok', complete: true });
      expect(Object.values(judged.usage ?? {}).every((count) => count === 0)).toBe(true);
    }
  });
}

/** The `phase` of the object that has this code, however deep it stands. */
function phaseBeside(value: unknown, code: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const values: unknown[] = Object.values(value);
  if (values.includes(code)) return (value as { phase?: unknown }).phase;
  return values.map((inner) => phaseBeside(inner, code)).find((phase) => phase !== undefined);
}
