import type { LoopDetectionSettings } from '../../settings/loop-detection.ts';
import type { Finding } from './judge-rounds.ts';
import type { Session } from './session.ts';

type Caps = LoopDetectionSettings['caps'];

/** From this share of a cap on, it is told. */
const toldFrom = 0.8;

/** The caps that a session has come near to, or has reached. That somebody let it go on changes nothing about that. */
export function judgeCaps({ rounds, tokens, costUsd, wallTime }: Caps, session: Session, nowMs: number): Finding[] {
  const found = [
    ofCap('rounds', session.rounds, rounds),
    ofCap('tokens', session.tokens, tokens),
    ofCap('US dollars', Math.round(session.costUsd * 100) / 100, costUsd),
    ofCap('seconds', Math.round((nowMs - session.startedMs) / 1000), wallTime === undefined ? undefined : wallTime / 1000),
  ];
  return found.filter((finding) => finding !== undefined);
}

function ofCap(what: string, used: number, cap: number | undefined): Finding | undefined {
  if (cap === undefined || used < cap * toldFrom) return undefined;
  const reached = used >= cap;
  const fingerprint = reached ? `${what} reached` : what;
  return { kind: 'cap', level: reached ? 'act' : 'warn', count: used, fingerprint, tools: what, first: -1, last: -1, polling: false };
}
