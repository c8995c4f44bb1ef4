/** Server-sent events as text; a name where the format gives its events one. */
export function eventStream(events: readonly { name?: string; data: object | string }[]): string {
  return events
    .map(({ name, data }) => {
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      return `${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`;
    })
    .join('');
}
