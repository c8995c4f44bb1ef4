/** One measurement, in a process of its own so that none inherits another's warm code and garbage. Prints its values as JSON. */
import { fixedRate } from './fixed-rate.ts';
import { bodies, growth } from './growth.ts';
import { openStreams } from './many-streams.ts';
import type { Order, ScenarioName, Values } from './measurement.ts';
import { memory } from './memory.ts';
import { saturation } from './saturation.ts';
import { firstByte, streams } from './streams.ts';

const scenarios: Record<Exclude<ScenarioName, 'start'>, (order: Order) => Promise<Values>> = {
  memory,
  saturation,
  'rate-1000': (order) => fixedRate(order, 1000),
  'rate-200': (order) => fixedRate(order, 200),
  streams,
  'first-byte': firstByte,
  'many-streams': openStreams,
  'body-2': (order) => bodies(order, 2),
  'body-20': (order) => bodies(order, 20),
  'body-200': (order) => bodies(order, 200),
  'body-2000': (order) => bodies(order, 2000),
  'agents-10': (order) => growth(order, 'agents', 10),
  'agents-1000': (order) => growth(order, 'agents', 1000),
  'agents-10000': (order) => growth(order, 'agents', 10_000),
  'sessions-10': (order) => growth(order, 'sessions', 10),
  'sessions-1000': (order) => growth(order, 'sessions', 1000),
  'sessions-10000': (order) => growth(order, 'sessions', 10_000),
  'routes-10': (order) => growth(order, 'routes', 10),
  'routes-1000': (order) => growth(order, 'routes', 1000),
  'routes-10000': (order) => growth(order, 'routes', 10_000),
};

const order = JSON.parse(process.argv[2]!) as Order;
const { scenario } = order;
if (scenario === 'start') throw new Error('a start is measured without load');
order.ownPids.push(process.pid);
console.log(JSON.stringify(await scenarios[scenario](order)));
process.exit();
