import type { Severity } from '../core/severity.ts';

const base: Readonly<Record<Severity, number>> = { low: 10, medium: 35, high: 60, critical: 85 };

/** What makes an incident worse than its rule says. */
export interface Weight {
  readonly severity: Severity;
  /** Agents that it has hit. */
  readonly agents: number;
  /** How often it came back. */
  readonly reopened: number;
  /** What the sidecar tried in vain since it began. */
  readonly failedRecoveries: number;
}

/**
 * From 0 to 100. Severity makes most of it; many agents, coming back and failed recoveries add up to 15, which is what it
 * takes from the base of a severity to the next one's band.
 */
export function priorityOf({ severity, agents, reopened, failedRecoveries }: Weight): number {
  const spread = Math.min(Math.log2(Math.max(agents, 1)) * 2, 6);
  const recurrence = Math.min(reopened * 1.5, 5);
  const vain = Math.min(failedRecoveries, 4);
  return Math.round(base[severity] + spread + recurrence + vain);
}

/** How bad a priority is: bands of 25. */
export function severityOf(priority: number): Severity {
  if (priority >= 75) return 'critical';
  if (priority >= 50) return 'high';
  return priority >= 25 ? 'medium' : 'low';
}
