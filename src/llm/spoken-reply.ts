import type { Reply } from '../core/outcome.ts';
import { writtenReply } from './written-reply.ts';

/** A sentence of ours in place of a model's answer, in the format that the text is written in. */
export function spokenReply(text: string, contentType: string): Reply {
  return writtenReply({ verdict: 'ok', origin: 'degraded', status: 200 }, text, contentType);
}
