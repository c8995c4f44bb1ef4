/** What the scripted provider does with a request. */
export type Deed =
  | 'answer'
  | 'busy'
  | 'limited'
  | 'quota'
  | 'broken'
  | 'wrong'
  | 'too-long'
  | 'hang'
  | 'reset'
  | 'drop-kept'
  | 'cut'
  | 'stall'
  | 'slow'
  | 'prose'
  | 'uncounted'
  | 'circle';

/**
 * What a request asks the scripted provider to do, by words in it: `[do busy]`, `[do busy 2 #17]` for the first two of the requests that
 * are marked so, `[do busy but 1 #17]` for all but the first, `[do busy at openai/gpt-5]` for those that arrive there. It answers what does not ask for anything.
 */
export class Behaviour {
  readonly #seen = new Map<string, number>();

  /** `place` is the upstream and the model that the request arrived for. */
  of(text: string, place: string): Deed {
    const [whole, deed, but, times, , at] = /\[do ([\w-]+)(?: (but )?(\d+) (#\w+))?(?: at ([\w./-]+))?\]/.exec(text) ?? [];
    if (!whole || (at !== undefined && !place.startsWith(at))) return 'answer';
    const seen = this.#seen.get(whole) ?? 0;
    this.#seen.set(whole, seen + 1);
    const isMeant = times === undefined || (but === undefined ? seen < Number(times) : seen >= Number(times));
    return isMeant ? (deed as Deed) : 'answer';
  }
}
