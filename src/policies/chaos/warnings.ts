import { formatInstant } from '../../settings/instant.ts';
import type { ChaosSettings, Fault } from './settings.ts';

export interface ChaosWarning {
  /** Below the policy's own key, such as `faults.0.share`. */
  key: string;
  message: string;
}

/** After these, the upstream is not asked any more. */
const answering: ReadonlySet<string> = new Set(['status', 'reset', 'refuse', 'timeout', 'empty-200']);

/** What whoever starts or checks these settings must know: that calls will be broken, or that they say something in vain. */
export function chaosWarnings({ enabled, until, faults, observe }: ChaosSettings, wallMs: number): ChaosWarning[] {
  if (!enabled) return [];
  if (until !== undefined && until <= wallMs) return [{ key: 'until', message: 'is over: no fault is injected any more' }];
  if (faults.length === 0) return [{ key: 'faults', message: 'is empty: no fault is injected' }];
  const end = until === undefined ? 'for an hour from the start' : `until ${formatInstant(until)}`;
  const kinds = [...new Set(faults.map(({ action }) => action.kind))].join(', ');
  const warnings = observe ? [] : [{ key: 'enabled', message: `faults are injected into calls on purpose ${end}: ${kinds}` }];
  for (const [i, { share }] of faults.entries()) {
    if (share === 0) warnings.push({ key: `faults.${i}.share`, message: 'is 0%: the fault is never injected' });
  }
  const last = faults.findIndex(hitsAll);
  for (const i of faults.keys()) {
    if (last >= 0 && i > last) warnings.push({ key: `faults.${i}`, message: `is never reached: faults.${last} answers every call` });
  }
  return warnings;
}

function hitsAll({ share, agent, path, model, action }: Fault): boolean {
  return share === 1 && [agent, path, model].every((pattern) => pattern === undefined) && answering.has(action.kind);
}
