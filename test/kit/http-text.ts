/** A message of HTTP/1.1 from its lines, with nothing added: `http(['GET / HTTP/1.1', 'Host: a'])`. */
export function http(lines: readonly string[], body = ''): string {
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** A whole `200 OK` with a Content-Length. */
export function ok(body = 'ok', ...headerLines: string[]): string {
  return http(['HTTP/1.1 200 OK', ...headerLines, `Content-Length: ${body.length}`], body);
}

/** The bytes of one chunk of a chunked body. */
export function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}

/** What ends a chunked body. */
export const lastChunk = '0\r\n\r\n';
