import type { Clock } from '../core/clock.ts';
import type { State, StateRegistry } from '../core/state.ts';
import { AnswerStore, answersOf } from '../policies/cache/answer-store.ts';
import type { SharedAnswer } from './messages.ts';

/** The state of a worker's policies, whose caches tell `onKept` of each answer that they keep. */
export function sharedState(registry: StateRegistry, cacheSecret: Uint8Array, clock: Clock, onKept: (kept: SharedAnswer) => void): State {
  registry.state('cache key', 'install', () => cacheSecret);
  return (policy, subject, init) =>
    registry.state(policy, subject, () => {
      const made = init();
      if (made instanceof AnswerStore) tellKept(made, subject, clock, onKept);
      return made;
    });
}

/** Keeps an answer that another worker has told of. */
export function takeAnswer(state: State, { set, key, answer, ageMs }: SharedAnswer, clock: Clock): void {
  answersOf({ state }, set).take(key, { ...answer, bornAt: clock.now() - ageMs });
}

function tellKept(store: AnswerStore, set: string, clock: Clock, onKept: (kept: SharedAnswer) => void): void {
  const kept: AnswerStore['onKept'] = (key, answer) => onKept({ set, key, answer, ageMs: clock.now() - answer.bornAt });
  store.onKept = kept;
}
