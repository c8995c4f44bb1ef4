import type { CallOutcome, Event } from '../core/event.ts';
import type { CallInfo, Subscriber } from '../core/journal.ts';
import {
  addUsage,
  type CallAccount,
  type CallSpent,
  type PaidAttempt,
  type Spent,
  tokensIn,
  type Waste,
  type WasteReason,
} from '../core/usage.ts';
import { type PriceEntry, PriceTable } from './prices.ts';

/** Models of one call whose sums are told apart. */
const mostModels = 32;

/**
 * Keeps the accounts of every call: puts the cost of each attempt into the event that tells its tokens, and what the call
 * has spent, and for what, into its last event. It stands before all subscribers that read either.
 */
export class Accounts implements Subscriber {
  readonly name = 'accounts';
  #prices: PriceTable;

  constructor(prices: readonly PriceEntry[]) {
    this.#prices = new PriceTable(prices);
  }

  /** Takes other prices, for what is spent from now on. */
  configure(prices: readonly PriceEntry[]): void {
    this.#prices = new PriceTable(prices);
  }

  on(event: Event, call: CallInfo | undefined): void {
    if (event.kind === 'attempt-ended' || event.kind === 'attempt-answered') {
      if (!event.usage && !event.estimated) return;
      event.costUsd = this.#prices.costUsd(event.upstream, event.model, event);
      if (call) accountOf(call).paid.push(event);
    } else if (event.kind === 'tunnel-answered') {
      if (!event.usage) return;
      event.costUsd = this.#prices.costUsd(event.upstream, event.model, event);
      if (call) addTo(accountOf(call).paid, event);
    } else if (event.kind === 'cache') {
      if (event.spared) event.spared.costUsd = this.#prices.costUsd(event.spared.upstream, event.spared.model, event.spared);
    } else if (event.kind === 'retry' || event.kind === 'fallback') {
      if (!call) return;
      const account = accountOf(call);
      account.replaced ??= [];
      account.replaced.push({ attempt: event.attempt, why: event.kind });
    } else if (event.kind === 'in-loop') {
      if (call) accountOf(call).inLoop = true;
    } else if (event.kind === 'call-ended' && call?.account) {
      event.spent = spentBy(call.account, event.outcome);
      call.account = undefined;
    }
  }
}

function accountOf(call: CallInfo): CallAccount {
  call.account ??= { paid: [] };
  return call.account;
}

/** A tunnel may carry answers for days: those of one model are kept as one sum, and those of many models, too. */
function addTo(paid: PaidAttempt[], { attempt, upstream, model, usage, costUsd }: PaidAttempt): void {
  const known = paid.findIndex(
    (one) => one.attempt === attempt && one.model === model && (one.costUsd === undefined) === (costUsd === undefined),
  );
  const at = known < 0 && paid.length >= mostModels ? paid.length - 1 : known;
  const before = paid[at];
  if (!before) {
    paid.push({ attempt, upstream, model, usage, costUsd, complete: true });
    return;
  }
  const sum = usage ? addUsage(before.usage, usage) : before.usage;
  const cost = before.costUsd === undefined ? costUsd : before.costUsd + (costUsd ?? 0);
  paid[at] = { ...before, usage: sum, costUsd: cost };
}

/** Of most calls. */
const nothingWasted: readonly Waste[] = [];

/** The sum of an account; undefined where nothing was spent. */
function spentBy(account: CallAccount, outcome: CallOutcome): CallSpent | undefined {
  if (account.paid.length === 0) return undefined;
  const sum: Spent = {};
  let wasted: Waste[] | undefined;
  let unpriced = 0;
  for (const paid of account.paid) {
    const { attempt, upstream, model, usage, estimated, costUsd } = paid;
    if (usage) sum.usage = addUsage(sum.usage, usage);
    if (estimated) sum.estimated = addUsage(sum.estimated, estimated);
    if (costUsd === undefined) unpriced += 1;
    else sum.costUsd = (sum.costUsd ?? 0) + costUsd;
    const why = whyWasted(paid, account, outcome);
    const tokens = (usage ? tokensIn(usage) : 0) + (estimated ? tokensIn(estimated) : 0);
    if (!why) continue;
    wasted ??= [];
    wasted.push({ attempt, upstream, model, why, tokens, costUsd });
  }
  return { ...sum, unpriced, wasted: wasted ?? nothingWasted };
}

/** Why an answer that was paid for was of no use; undefined where the agent was given it, and got on. */
function whyWasted(paid: PaidAttempt, { replaced, inLoop }: CallAccount, outcome: CallOutcome): WasteReason | undefined {
  const instead = replaced?.find(({ attempt }) => attempt === paid.attempt);
  if (instead) return instead.why;
  if (outcome === 'cancelled') return 'aborted';
  // A stored or a prepared answer went out in its place.
  if (outcome === 'cached' || outcome === 'degraded') return 'fallback';
  if (!paid.complete) return 'broken';
  return inLoop ? 'loop' : undefined;
}
