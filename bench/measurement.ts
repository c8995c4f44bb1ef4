/** What one load process is asked to do; passed as JSON in its only argument. */
export interface Order {
  scenario: ScenarioName;
  /** Where the target listens on 127.0.0.1. */
  port: number;
  /** The proxy under test; none when the upstream is asked directly. */
  proxyPid?: number;
  /** Every process of the benchmark: what any other one uses is foreign load. */
  ownPids: number[];
  /** Length of the measured window, which follows a warm-up. */
  seconds: number;
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
  /** CPU time of processes that are not ours, as a share of one core; absent where it would not disturb. */
  | 'foreignShare';

export type ScenarioName = 'memory' | 'saturation' | 'rate-1000' | 'rate-200' | 'streams';
