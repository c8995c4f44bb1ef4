/** What the system says of an address or a file that it does not give. */
type SystemError = Error & { readonly code?: unknown; readonly address?: unknown; readonly port?: unknown };

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use, perhaps by another sidecar; stop that one, or choose another address',
  EACCES: 'may not be listened on by this user; choose a port above 1023',
  EADDRNOTAVAIL: 'is no address of this machine; choose another, such as one of 127.0.0.1',
};

/**
 * Why a sidecar did not start, and what to do: for people, in one line. An address to listen on is told from a file by its port. Of an error
 * of another process only the message has come over.
 */
export function explainStartFailure(error: SystemError, adminListen: string | undefined): string {
  const { address, port, code = /\bE[A-Z]+\b/.exec(error.message)?.[0] } = error;
  const remedy = remedies[String(code)];
  const wanted =
    typeof address === 'string' && typeof port === 'number'
      ? `${address.includes(':') ? `[${address}]` : address}:${port}`
      : / (\S+:\d+)$/.exec(error.message)?.[1];
  if (remedy === undefined || wanted === undefined) return error.message;
  const [key, flag] = wanted === adminListen ? ['admin.listen', '--admin'] : ['listen', '--listen'];
  return `${wanted} ${remedy}: ${flag} HOST:PORT, or ${key} in the configuration (${String(code)})`;
}
