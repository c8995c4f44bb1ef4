import { STATUS_CODES } from 'node:http';
import { errorCodes } from '../core/error-codes.ts';
import { bufferedReply, type Failure, type Reply, type ReplyHead } from '../core/outcome.ts';

/** A reply of ours that stands for a failure, with the status of its code. */
export function errorReply(failure: Failure, body: object, contentType = 'application/json'): Reply {
  const { verdict, origin, retryAfterMs } = failure;
  return textReply({ verdict, origin, status: errorCodes[failure.code].status, retryAfterMs }, JSON.stringify(body), contentType);
}

/** A sentence of ours in place of a model's answer. */
export function spokenReply(text: string, contentType: string): Reply {
  return textReply({ verdict: 'ok', origin: 'degraded', status: 200, retryAfterMs: undefined }, text, contentType);
}

type Facts = Pick<ReplyHead, 'verdict' | 'origin' | 'status' | 'retryAfterMs'>;

function textReply(facts: Facts, text: string, contentType: string): Reply {
  const bytes = Buffer.from(text);
  const headers = ['content-type', contentType, 'content-length', String(bytes.byteLength)];
  return bufferedReply({ ...facts, statusText: STATUS_CODES[facts.status] ?? '', headers }, [bytes]);
}

/** Server-sent events in one text; a name where the format gives its events one. */
export function eventStream(events: readonly { name?: string; data: object | string }[]): string {
  return events
    .map(({ name, data }) => {
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      return `${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`;
    })
    .join('');
}
