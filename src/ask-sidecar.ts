import { request } from 'undici';
import type { Environment } from './config/substitute.ts';
import { address } from './settings/address.ts';

/** What the command line says about the sidecar that it asks. */
export interface AskOptions {
  /** `HOST:PORT` of its admin port; the default one without it. */
  readonly admin: string | undefined;
  /** `$OUTRIGGER_ADMIN_TOKEN` is sent along where it is set. */
  readonly env: Environment;
}

/** Nothing was answered, or an error was; the message is for people. */
export class AskError extends Error {}

const defaultAdmin = '127.0.0.1:4142';
const patienceMs = 10_000;

/** Asks a running sidecar by its admin port, by POST where there is a body. Rejects with an `AskError`. */
export async function askSidecar(path: string, body: unknown, { admin = defaultAdmin, env }: AskOptions): Promise<unknown> {
  const token = env['OUTRIGGER_ADMIN_TOKEN'];
  if (!address.safeParse(admin).success)
    throw new AskError(`--admin takes HOST:PORT, such as ${defaultAdmin}, and not ${JSON.stringify(admin)}`);
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }) };
  const answer = await request(`http://${admin}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    headersTimeout: patienceMs,
    bodyTimeout: patienceMs,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new AskError(`no sidecar answers at ${admin} (${codeOf(error)}); is it running? --admin HOST:PORT names another admin port`);
  });
  const told = await answer.body.json().catch(() => undefined);
  if (answer.statusCode === 401 && token)
    throw new AskError(`the sidecar at ${admin} has another admin.token than OUTRIGGER_ADMIN_TOKEN says`);
  if (answer.statusCode === 401)
    throw new AskError(`the sidecar at ${admin} wants its token: set OUTRIGGER_ADMIN_TOKEN to that of admin.token`);
  if (told === undefined || answer.headers['x-outrigger-id'] !== undefined) {
    throw new AskError(`${admin} is no admin port (it answered ${answer.statusCode}); --admin HOST:PORT names another one`);
  }
  if (answer.statusCode >= 400) throw new AskError(messageIn(told) ?? `the sidecar at ${admin} answered ${answer.statusCode}`);
  return told;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

function messageIn(told: unknown): string | undefined {
  const error = typeof told === 'object' && told !== null && 'error' in told ? told.error : undefined;
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : undefined;
}
