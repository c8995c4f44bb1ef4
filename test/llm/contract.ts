import { describe, expect, it } from 'vitest';
import type { Call, Dialect, Judgement, RequestFacts } from '../../src/core/dialect.ts';
import { type ErrorCode, errorCodes } from '../../src/core/error-codes.ts';
import { failure } from '../../src/core/failure.ts';
import { headerValue, mediaType, type RawHeaders } from '../../src/core/headers.ts';
import type { Usage } from '../../src/core/usage.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { textOf } from '../policies/kit.ts';

export const json: RawHeaders = ['Content-Type', 'application/json'];
export const sse: RawHeaders = ['Content-Type', 'text/event-stream; charset=utf-8'];
export const ndjson: RawHeaders = ['Content-Type', 'application/x-ndjson'];

export interface CallCase {
  /** Reads on from "the call …". */
  name: string;
  request?: Partial<RequestFacts>;
  body?: string;
  call: Call;
}

export interface AnswerCase {
  /** Reads on from "the answer …". */
  name: string;
  request?: Partial<RequestFacts>;
  status?: number;
  headers?: RawHeaders;
  body: string;
  verdict: Verdict;
  complete: boolean;
  usage?: Usage;
  /** Meaningful events, for streams. */
  meaningful?: number;
  /** How much of the body has come when it is judged; undefined: not before its end. */
  judgedAfter?: string;
}

export interface DialectCases {
  dialect: Dialect;
  /** What is asked where a case says nothing else. */
  request: RequestFacts;
  calls: CallCase[];
  answers: AnswerCase[];
  /** Picks the code of an error of ours out of a parsed refusal. */
  codeOf: (refusal: unknown) => unknown;
  /** The answer that a broken stream had so far, and how the format tells the error then; undefined: it cannot. */
  breakOff: { headers: RawHeaders; begun: string } | undefined;
  /** Calls that can be answered by a sentence. */
  speaks: Call[];
}

/** What every dialect promises, checked on its cases: cutting an answer at any byte changes nothing. */
export function keepsItsContract({ dialect, request, calls, answers, codeOf, breakOff, speaks }: DialectCases): void {
  const watch = ({ request: asked, status = 200, headers = json }: Omit<AnswerCase, 'name' | 'body' | 'verdict' | 'complete'>) =>
    dialect.watch({ ...request, ...asked }, status, headers);

  describe(`the ${dialect.name} dialect`, () => {
    for (const { name, request: asked, body, call } of calls) {
      it(`describes the call ${name}`, () => {
        expect(dialect.describe({ ...request, ...asked }, body === undefined ? undefined : Buffer.from(body))).toEqual(call);
      });
    }

    for (const answer of answers) {
      const { name, body, verdict, complete, usage, meaningful, judgedAfter } = answer;
      const expected: Judgement = { verdict, complete, ...(usage && { usage }) };

      it(`judges the answer ${name} as ${verdict}, however it is cut`, async () => {
        const bytes = Buffer.from(body);
        const cuts = Array.from({ length: bytes.length }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
        const singles = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
        for (const chunks of [[bytes], ...cuts, singles]) {
          const watcher = watch(answer);
          for (const chunk of chunks) await watcher.push(chunk);
          expect(await watcher.end(true)).toEqual(expected);
          if (meaningful !== undefined) expect(watcher.meaningful).toBe(meaningful);
        }
      });

      it(`judges the answer ${name} as soon as it can`, async () => {
        const watcher = watch(answer);
        const bytes = Buffer.from(body);
        let judgedAt = watcher.head === 'more' ? undefined : 0;
        for (const [at] of bytes.entries()) {
          const judged = await watcher.push(bytes.subarray(at, at + 1));
          if (judged !== 'more') judgedAt ??= at + 1;
        }
        if (judgedAfter === undefined) expect(judgedAt ?? bytes.length).toBe(watcher.head === 'more' ? bytes.length : 0);
        else expect(bytes.toString('utf8', 0, judgedAt)).toBe(judgedAfter);
      });

      it(`never takes the answer ${name} for complete if the connection broke`, async () => {
        const bytes = Buffer.from(body);
        for (let at = 0; at <= bytes.length; at += 1) {
          const watcher = watch(answer);
          await watcher.push(bytes.subarray(0, at));
          const { complete: taken, verdict: judged } = await watcher.end(false);
          expect(taken).toBe(false);
          expect(judged).not.toBe('ok');
        }
      });
    }

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

    it(breakOff ? 'tells of a broken stream so that it is judged as failed' : 'does not append to a broken stream', async () => {
      const event = dialect.breakOff({ code: 'upstream_timeout', message: 'silent for 60 s' });
      expect(event !== undefined).toBe(breakOff !== undefined);
      if (!event || !breakOff) return;
      expect(Buffer.from(event).toString()).toContain('silent for 60 s');
      const watcher = watch({ headers: breakOff.headers });
      expect(await watcher.push(Buffer.from(breakOff.begun))).toBe('ok');
      expect(await watcher.push(event)).toBe('server-error');
      expect(await watcher.end(true)).toMatchObject({ verdict: 'server-error', complete: false });
    });

    it('speaks only where a model would, with an answer that it takes for whole and good itself', async () => {
      expect(dialect.speak('One moment.', { kind: 'other', repeatable: false, stateful: false })).toBeUndefined();
      for (const call of speaks) {
        const reply = dialect.speak('Hold on — "soon".', call);
        expect(reply, JSON.stringify(call)).toMatchObject({ status: 200, verdict: 'ok', origin: 'degraded' });
        const text = await textOf(reply!);
        expect(headerValue(reply!.headers, 'content-length')).toBe(String(Buffer.byteLength(text)));
        expect(text).toContain('Hold on — \\"soon\\".');
        const watcher = watch({ headers: reply!.headers });
        await watcher.push(Buffer.from(text));
        const judged = await watcher.end(true);
        expect(judged).toMatchObject({ verdict: 'ok', complete: true });
        expect(Object.values(judged.usage ?? {}).every((count) => count === 0)).toBe(true);
      }
    });
  });
}

/** The `phase` of the object that has this code, however deep it stands. */
function phaseBeside(value: unknown, code: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const values: unknown[] = Object.values(value);
  if (values.includes(code)) return (value as { phase?: unknown }).phase;
  return values.map((inner) => phaseBeside(inner, code)).find((phase) => phase !== undefined);
}
