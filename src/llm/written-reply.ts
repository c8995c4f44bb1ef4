import { STATUS_CODES } from 'node:http';
import { bufferedReply, type Reply, type ReplyHead } from '../core/outcome.ts';

/** A reply that we write ourselves: its text, with its type and its length. */
export function writtenReply(facts: Omit<ReplyHead, 'statusText' | 'headers'>, text: string, contentType: string): Reply {
  const bytes = Buffer.from(text);
  const headers = ['content-type', contentType, 'content-length', String(bytes.byteLength)];
  return bufferedReply({ ...facts, statusText: STATUS_CODES[facts.status] ?? '', headers }, [bytes]);
}
