import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Judgement } from '../../../src/core/dialect.ts';
import { headerValue, mediaType } from '../../../src/core/headers.ts';
import { type AnswerCase, type DialectCases, json, watchFor } from './cases.ts';

/**
 * What every dialect promises of its watchers, checked on answers: they are judged the same in one piece, cut in two at any
 * byte and byte by byte, with every line end that their framing allows, and compressed.
 */
export function judgesAnswers(cases: DialectCases): void {
  for (const answer of cases.answers) {
    const { name, verdict } = answer;

    for (const [lineEnds, body] of framings(answer)) {
      it(`judges the answer ${name} as ${verdict}, however it is cut${lineEnds}`, async () => {
        await judgesEveryCut(cases, answer, Buffer.from(body));
      });
    }

    if (headerValue(answer.headers ?? json, 'content-encoding') === undefined) {
      it(`judges the answer ${name} as ${verdict} when it is compressed, however it is cut`, async () => {
        const headers = [...(answer.headers ?? json), 'Content-Encoding', 'gzip'];
        const { meaningful, ...uncounted } = answer;
        const counted = cases.decodes === false || meaningful === undefined ? uncounted : { ...uncounted, meaningful };
        await judgesEveryCut(cases, { ...counted, headers }, gzipSync(answer.body));
      });
    }

    it(`judges the answer ${name} as soon as it can`, async () => {
      const watcher = watchFor(cases, answer);
      const bytes = Buffer.from(answer.body);
      if (answer.head !== undefined) expect(watcher.head).toBe(answer.head);
      let judgedAt = watcher.head === 'more' ? undefined : 0;
      let startedAt = watcher.started ? 0 : undefined;
      for (const [at] of bytes.entries()) {
        const judged = await watcher.push(bytes.subarray(at, at + 1));
        if (judged !== 'more') judgedAt ??= at + 1;
        if (watcher.started) startedAt ??= at + 1;
      }
      if (answer.judgedAfter === undefined) expect(judgedAt ?? bytes.length).toBe(watcher.head === 'more' ? bytes.length : 0);
      else expect(bytes.toString('utf8', 0, judgedAt)).toBe(answer.judgedAfter);
      if (answer.startedAfter !== undefined) expect(bytes.toString('utf8', 0, startedAt)).toBe(answer.startedAfter);
    });

    it(`never takes the answer ${name} for complete if the connection broke`, async () => {
      const bytes = Buffer.from(answer.body);
      for (let at = 0; at <= bytes.length; at += 1) {
        const watcher = watchFor(cases, answer);
        await watcher.push(bytes.subarray(0, at));
        const { complete: taken, verdict: judged } = await watcher.end(false);
        expect(taken).toBe(false);
        expect(judged).not.toBe('ok');
      }
    });
  }
}

async function judgesEveryCut(cases: DialectCases, answer: AnswerCase, bytes: Buffer): Promise<void> {
  const { verdict, complete, usage, meaningful, retryAfterMs } = answer;
  const expected: Judgement = { verdict, complete, ...(usage && { usage }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  const cuts = Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
  const singles = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  for (const chunks of [[bytes], ...cuts, singles]) {
    const watcher = watchFor(cases, answer);
    for (const chunk of chunks) await watcher.push(chunk);
    expect(await watcher.end(true)).toEqual(expected);
    if (meaningful !== undefined) expect(watcher.meaningful).toBe(meaningful);
  }
}

/** The body with every line end that its framing allows, each with what to say of it. */
function framings({ headers = json, body }: AnswerCase): readonly (readonly [lineEnds: string, body: string])[] {
  const asWritten = ['', body] as const;
  const withEnds = (end: string) => body.replaceAll('\n', end);
  if (body.includes('\r') || !body.includes('\n')) return [asWritten];
  switch (mediaType(headers)) {
    case 'text/event-stream':
      return [asWritten, [', its lines ending in CRLF', withEnds('\r\n')], [', its lines ending in CR', withEnds('\r')]];
    case 'application/x-ndjson':
      return [asWritten, [', its lines ending in CRLF', withEnds('\r\n')]];
    default:
      return [asWritten];
  }
}
