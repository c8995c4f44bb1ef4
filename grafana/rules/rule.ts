/** How soon somebody must look: at once, within a day or two, or when they come by. */
export type Severity = 'page' | 'ticket' | 'info';

/** A series that Prometheus keeps beside those that it scrapes. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What is wrong, and for how long it must be before somebody is told. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** In the notation of Prometheus: `5m`. At once where there is none. */
  readonly for?: string;
  readonly severity: Severity;
  /** In one sentence; labels and the value in the notation of Prometheus. */
  readonly summary: string;
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | Alert)[];
}
