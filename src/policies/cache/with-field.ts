import type { Opened } from '../../core/exchange.ts';
import type { Reply } from '../../core/outcome.ts';
import { withHeaders } from '../with-headers.ts';

/**
 * The reply of a call with a field added behind its own. It takes the reply's place among the outcomes that the call has
 * opened, so that whoever returns it keeps it, and whoever does not gives both up.
 */
export function withField(reply: Reply, name: string, value: string, opened: Opened): Reply {
  const marked = withHeaders(reply, [...reply.headers, name, value]);
  const at = opened.outcomes.findIndex((outcome) => outcome.source === reply.source);
  if (at < 0) opened.outcomes.push(marked);
  else opened.outcomes[at] = marked;
  return marked;
}
