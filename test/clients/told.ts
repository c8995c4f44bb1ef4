/** What a client told its caller: a value, or an error with all that a program could look at. */
export type Told = { value: unknown } | { error: unknown };

/** Waits for a client's work, and gives what came of it as plain data that two runs can be compared by. */
export async function tell(work: () => Promise<unknown>): Promise<Told> {
  try {
    return { value: plain(await work()) };
  } catch (error) {
    return { error: plain(error) };
  }
}

/** Everything that a stream gave, and the error that ended it if one did. */
export async function drain(stream: AsyncIterable<unknown>): Promise<{ events: unknown[]; error?: unknown }> {
  const events: unknown[] = [];
  try {
    for await (const event of stream) events.push(event);
    return { events };
  } catch (error) {
    return { events, error };
  }
}

/** Fields that differ between two runs by their nature: of the connection, of the time, or our own. */
const ofTheRun = /^(connection|keep-alive|transfer-encoding|date|server-timing|x-outrigger-.*)$/;

/** Ids that a provider makes up, such as `msg-5LVl9RJINbNlPgc_`. */
const madeUp = /\b(msg|req|resp|call|fc|toolu)[-_][\w-]{8,}/g;

/** A value as JSON sees it, with errors and headers spelled out and made-up ids numbered in the order in which they appear. */
function plain(value: unknown): unknown {
  const ids = new Map<string, string>();
  const number = (id: string) => {
    const known = ids.get(id) ?? `id-${ids.size + 1}`;
    ids.set(id, known);
    return known;
  };
  const text = JSON.stringify(value, (_, one: unknown) => spelledOut(one));
  return text === undefined ? undefined : JSON.parse(text.replace(madeUp, number));
}

function spelledOut(value: unknown): unknown {
  if (value instanceof Headers) return [...value].filter(([name]) => !ofTheRun.test(name));
  if (!(value instanceof Error)) return value;
  const names = Object.getOwnPropertyNames(value).filter((name) => name !== 'stack');
  return { class: value.constructor.name, ...Object.fromEntries(names.map((name) => [name, Reflect.get(value, name)])) };
}
