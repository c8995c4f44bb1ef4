/** What one load process is asked to do; passed as JSON in its only argument. */
export interface Order {
  scenario: ScenarioName;
  /** Where the target listens on 127.0.0.1. */
  port: number;
  /** The proxy under test; none when the upstream is asked directly. */
  proxyPid?: number;
  /** Lines that every request to this target has in its head, beside those of all. */
  headers: readonly string[];
  /** Where the target says how late its event loop was; none where it is not watched. */
  loopDelayFile?: string;
  /** Every process of the benchmark: what any other one uses is foreign load. */
  ownPids: number[];
  /** Length of the measured window, which follows a warm-up. */
  seconds: number;
  /** How much of the usual warm-up there is: 1 for a measurement that counts, less for a look. */
  warmUp: number;
}

/** What one load process measured, as it prints it. Microseconds, kilobytes, or a count per second, as the names say. */
export type Values = Partial<Record<ValueName, number>>;

export type ValueName =
  | 'cpuUs'
  | 'perSecond'
  | 'p50Us'
  | 'p99Us'
  | 'firstByteP50Us'
  | 'firstByteP99Us'
  | 'idleKilobytes'
  | 'openKilobytes'
  /** The most that was ever resident, from the start of the process on. */
  | 'peakKilobytes'
  /** How late timers of the event loop were, the 5 ms of sampling included. */
  | 'loopDelayP99Ms'
  | 'loopDelayMaxMs'
  /** Events of streams that were asked for and did not come. */
  | 'lostEvents'
  /** From the start of the process to its being ready. */
  | 'startMs'
  /** CPU time of processes that are not ours, as a share of one core; absent where it would not disturb. */
  | 'foreignShare';

/** How many different agents, sessions or routes a scenario of growth has. */
export const growthCounts = [10, 1000, 10_000] as const;

/** Sizes of the bodies of requests in kB. */
export const bodyKilobytes = [2, 20, 200, 2000] as const;

/** What a scenario of growth has many of. */
export type GrowthKind = 'agents' | 'sessions' | 'routes';

type GrowthScenario = `${GrowthKind}-${(typeof growthCounts)[number]}`;

type BodyScenario = `body-${(typeof bodyKilobytes)[number]}`;

export type ScenarioName =
  | 'memory'
  | 'saturation'
  | 'rate-1000'
  | 'rate-200'
  | 'streams'
  | 'first-byte'
  | 'many-streams'
  | 'start'
  | BodyScenario
  | GrowthScenario;
