import { bodyKilobytes, type GrowthKind, growthCounts, type ScenarioName } from './measurement.ts';
import type { ProxyName } from './targets.ts';

/** Asks the upstream without a proxy. */
export const direct = 'direct';

/** What ratios refer to. */
export const floor: ProxyName = 'passthrough';

/** A row of tables: a proxy, or none. */
export type TargetName = ProxyName | typeof direct;

/** Scenarios that run in the same processes, in order, which are started afresh for each phase of each round. */
export interface Phase {
  readonly scenarios: readonly ScenarioName[];
  /** Whether a measurement that is repeated needs a process that has just started, too. */
  readonly freshEach?: boolean;
  /** Whether the proxies tell how late their event loop is. */
  readonly watchLoop?: boolean;
  /** How many routes a sidecar has beside its own. */
  readonly routes?: number;
}

interface Scenario {
  /** Of the measured window; where nothing is measured over time it is 0. */
  readonly seconds: number;
  readonly targets: readonly TargetName[];
}

const usual: TargetName[] = [direct, floor, 'http-proxy', 'http-proxy-keep-alive', 'outrigger', 'outrigger-everything'];
const sidecars: TargetName[] = ['outrigger', 'outrigger-everything'];
const beside: TargetName[] = [floor, ...sidecars];

const body = { seconds: 2, targets: beside } as const;
const growing = { seconds: 2, targets: sidecars } as const;
/** A process for each number of routes, so one kind of sidecar must do. */
const routed = { seconds: 2, targets: ['outrigger-everything'] } as const;

/** What is measured, of which targets, for how long. */
export const scenarios: Record<ScenarioName, Scenario> = {
  saturation: { seconds: 4, targets: [...usual, 'outrigger-unbuilt', 'portkey'] },
  'rate-1000': { seconds: 4, targets: [...usual, 'portkey'] },
  'rate-200': { seconds: 7, targets: usual },
  streams: { seconds: 4, targets: usual },
  'first-byte': { seconds: 3, targets: [direct, ...beside] },
  'body-2': body,
  'body-20': body,
  'body-200': body,
  'body-2000': body,
  'agents-10': growing,
  'agents-1000': growing,
  'agents-10000': growing,
  'sessions-10': growing,
  'sessions-1000': growing,
  'sessions-10000': growing,
  'routes-10': routed,
  'routes-1000': routed,
  'routes-10000': routed,
  memory: {
    seconds: 3,
    targets: [floor, 'http-proxy', 'http-proxy-keep-alive', ...sidecars, 'outrigger-unbuilt', 'outrigger-everything-unbuilt'],
  },
  'many-streams': { seconds: 5, targets: beside },
  start: { seconds: 0, targets: ['outrigger', 'outrigger-unbuilt'] },
};

const grown = (kind: GrowthKind) => growthCounts.map((count) => `${kind}-${count}` as const);

/** Saturation first: it tells the peak of fresh processes, and warms the code up for what follows. What fills tables comes last. */
export const phases: readonly Phase[] = [
  {
    scenarios: [
      'saturation',
      'rate-1000',
      'rate-200',
      'streams',
      'first-byte',
      ...bodyKilobytes.map((kilobytes) => `body-${kilobytes}` as const),
      ...grown('agents'),
      ...grown('sessions'),
    ],
  },
  { scenarios: ['memory'] },
  { scenarios: ['many-streams'], watchLoop: true, freshEach: true },
  ...growthCounts.map((routes) => ({ scenarios: [`routes-${routes}` as const], routes })),
  { scenarios: ['start'] },
];
