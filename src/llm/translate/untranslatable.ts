/**
 * Thrown where something has no exact counterpart in the other wire format; the message names it. Never leaves this
 * folder: what translates a request or an answer makes a value of it.
 */
export class Untranslatable extends Error {}

/** What `work` gives, or the name of what cannot be translated. Other errors are bugs and pass. */
export function orUntranslatable<T>(work: () => T): T | Untranslatable {
  try {
    return work();
  } catch (error) {
    if (error instanceof Untranslatable) return error;
    throw error;
  }
}
