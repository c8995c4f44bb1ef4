import type { Call } from '../core/dialect.ts';
import { asObject, parseJson } from './json-object.ts';
import { type Members, objectAt, textOf } from './json-scan.ts';

/** A longer id is none that a program gives to its sessions. */
const longest = 128;

/** A key for the provider's cache is often one for all conversations of an application: it names one only where it is made for it. */
const madeForOne = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|^ses_\w{16}/iu;

/** How Claude Code wrote its session behind a user and an account before it wrote JSON. */
const behindAccount = /_session_([\w-]+)$/u;

/**
 * The session in a body of OpenAI's: of Codex the thread in `client_metadata`, else `prompt_cache_key` where that is made for one
 * session, else the conversation that the provider keeps. `user` and `safety_identifier` name people.
 */
export function openaiSession(body: Uint8Array | undefined, members: Members | undefined): Pick<Call, 'session'> {
  if (!body || !members) return {};
  const client = objectAt(body, members.get('client_metadata'));
  const cacheKey = textOf(body, members.get('prompt_cache_key'));
  return sessionOf(
    client?.text('thread_id') ??
      client?.text('session_id') ??
      (cacheKey !== undefined && madeForOne.test(cacheKey) ? cacheKey : undefined) ??
      textOf(body, members.get('conversation')) ??
      objectAt(body, members.get('conversation'))?.text('id'),
  );
}

/** The session that Claude Code writes into `metadata.user_id`; what others write there names a person. */
export function anthropicSession(body: Uint8Array | undefined, members: Members | undefined): Pick<Call, 'session'> {
  const user = body && objectAt(body, members?.get('metadata'))?.text('user_id');
  if (user === undefined) return {};
  if (!user.startsWith('{')) return sessionOf(behindAccount.exec(user)?.[1]);
  const session = asObject(parseJson(Buffer.from(user)))?.['session_id'];
  return sessionOf(typeof session === 'string' ? session : undefined);
}

function sessionOf(id: string | undefined): Pick<Call, 'session'> {
  return id === undefined || id === '' || id.length > longest ? {} : { session: id };
}
