/** A result tells of its failure at its beginning; further down, such a word is as likely a line of source code. */
const telling = 160;

/** Words that hardly ever stand in a good result: to miss a failure costs a late warning, to see one too many a false pause. */
const words = /(?:error|exception)s?\b|\b(?:traceback|fail(?:ed|s|ure)?|fatal|denied|invalid|not found|no such)\b/iu;
const exit = /\bexit(?:ed)?(?: with)?(?: code| status)?[ :=]{1,2}(-?\d{1,5})\b/iu;

/** Whether the text of a result tells of a failure: by its exit code where it names one, else by a word for it at its beginning. */
export function looksFailed(text: string): boolean {
  const head = text.slice(0, telling);
  const code = exit.exec(head)?.[1] ?? exit.exec(text.slice(-telling))?.[1];
  if (code !== undefined) return Number(code) !== 0;
  return words.test(head);
}
