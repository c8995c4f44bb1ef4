import type { AnswerFacts } from '../core/answer-facts.ts';

/** Answers to one call whose reasons are kept. */
const mostReasons = 16;

/** Takes the model and the id of an answer, where these are any; what was told first counts. */
export function takeFacts(model: unknown, id: unknown, facts: AnswerFacts): void {
  if (typeof model === 'string' && model !== '') facts.model ??= model;
  if (typeof id === 'string' && id !== '') facts.id ??= id;
}

/** Takes why one of the answers has ended, where that is told. */
export function takeReason(reason: unknown, { finishReasons }: AnswerFacts): void {
  if (typeof reason === 'string' && reason !== '' && finishReasons.length < mostReasons) finishReasons.push(reason);
}
