import { circuitValues } from '../../src/telemetry/label-values.ts';
import type { Word } from './panel-facts.ts';

const circuitColors = { closed: 'green', 'half-open': 'orange', open: 'red' } as const satisfies Record<keyof typeof circuitValues, string>;

/** What the values of `outrigger_circuit_state` mean. */
export const circuitWords: readonly Word[] = (['closed', 'half-open', 'open'] as const).map((text) => ({
  value: circuitValues[text],
  text,
  color: circuitColors[text],
}));

/** What the values of `outrigger_agent_paused` mean. */
export const pauseWords: readonly Word[] = [
  { value: 0, text: 'running', color: 'green' },
  { value: 1, text: 'paused', color: 'orange' },
];

/** What the values of `outrigger_health_status` mean. */
export const healthWords: readonly Word[] = [
  { value: 0, text: 'healthy', color: 'green' },
  { value: 1, text: 'warning', color: 'orange' },
  { value: 2, text: 'critical', color: 'red' },
];
