/** What a metric is called and means. Seconds and bytes are base units; `unit` is in the notation of UCUM. */
export interface FamilyFacts {
  /** As Prometheus writes it; one with dots is a convention of OpenTelemetry's. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly unit: '' | '1' | 's' | 'By' | '{token}' | '{USD}' | '{token}/s';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in the unit. */
  readonly bounds?: readonly number[];
}

/** Seconds of a call: long enough for a model that thinks for minutes. */
export const callBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300] as const;
/** Seconds of our own share of a call. */
export const overheadBounds = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.000_75, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
] as const;
/** Seconds of a wait between attempts or for a place. */
export const waitBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120] as const;
/** Bytes of a body. */
export const sizeBounds = [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216] as const;
/** Seconds until a person has done something. */
export const personBounds = [10, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800] as const;
/** Tokens in a second. */
export const rateBounds = [1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 350, 500, 1000] as const;
/** Seconds since an answer was stored. */
export const ageBounds = [1, 10, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 604_800] as const;

/** A count of what has happened. */
export function counter<const Labels extends readonly string[]>(
  name: `outrigger_${string}_total`,
  help: string,
  labels: Labels,
  unit: FamilyFacts['unit'] = '',
) {
  return { name, type: 'counter', unit, help, labels } as const;
}

/** A value of now. */
export function gauge<const Labels extends readonly string[]>(
  name: `outrigger_${string}`,
  help: string,
  labels: Labels,
  unit: FamilyFacts['unit'] = '',
) {
  return { name, type: 'gauge', unit, help, labels } as const;
}

/** A distribution. */
export function histogram<const Labels extends readonly string[]>(
  name: `outrigger_${string}`,
  help: string,
  labels: Labels,
  bounds: readonly number[],
  unit: FamilyFacts['unit'] = 's',
) {
  return { name, type: 'histogram', unit, help, labels, bounds } as const;
}
