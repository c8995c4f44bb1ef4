import type { Opened } from '../../core/exchange.ts';
import { createReply, type Reply, type Source } from '../../core/outcome.ts';

/**
 * The reply of a call with a field added behind its own. The reply stands in its place among the outcomes that the call
 * has opened: giving one up gives both up.
 */
export function withField(reply: Reply, name: string, value: string, opened: Opened): Reply {
  const { verdict, origin, status, statusText, retryAfterMs, empty, standing, body } = reply;
  const source: Source = {
    poll: () => body.poll(),
    next: () => body.next(),
    get ended() {
      return reply.ended;
    },
    whenEnded: (fn) => reply.whenEnded(fn),
    discard: () => reply.discard(),
  };
  const headers = [...reply.headers, name, value];
  const marked = createReply({ verdict, origin, status, statusText, headers, retryAfterMs, empty, standing }, source);
  const at = opened.outcomes.findIndex((outcome) => outcome.source === reply.source);
  if (at < 0) opened.outcomes.push(marked);
  else opened.outcomes[at] = marked;
  return marked;
}
