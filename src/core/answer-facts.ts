/** What an answer says of itself beside its content. Filled in by the watcher that follows it, where somebody asks for it. */
export interface AnswerFacts {
  /** As the provider names it. */
  model?: string;
  id?: string;
  /** Why the model stopped, in the provider's words: one for each of the answers that it gave. */
  readonly finishReasons: string[];
}
