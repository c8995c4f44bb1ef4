import type { Series } from './series.ts';

/** One series for each value. */
export function recordOf<Value extends string>(values: readonly Value[], at: (value: Value) => Series): Readonly<Record<Value, Series>> {
  return Object.fromEntries(values.map((value) => [value, at(value)])) as Record<Value, Series>;
}
