/** What a drawing needs to know of a panel, and what Prometheus has answered. Sizes are pixels. */
export interface DrawnPanel {
  readonly width: number;
  readonly height: number;
  readonly unit: string;
  readonly series: readonly DrawnSeries[];
  readonly start: number;
  readonly end: number;
  readonly stacked: boolean;
  /** The ends of the axis, where they are fixed. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly steps: readonly { readonly value: number | null; readonly color: string }[];
  /** Words in place of numbers, by number. */
  readonly words: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  readonly columns: readonly { readonly name: string; readonly unit: string }[];
}

/** One series with the name that its legend gives it; times are seconds since 1970. */
export interface DrawnSeries {
  readonly name: string;
  /** Which of the panel's queries it answers. */
  readonly query: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [time: number, value: number])[];
}

/** The last number of a series; NaN where it has none. */
export function lastOf({ points }: DrawnSeries): number {
  return points.findLast(([, value]) => Number.isFinite(value))?.[1] ?? Number.NaN;
}

/** The colour of a value by the steps of its panel. */
export function stepColor(steps: DrawnPanel['steps'], value: number): string {
  return steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'green';
}
