/** One measurement, in a process of its own so that none inherits another's warm code and garbage. Prints its values as JSON. */
import { fixedRate } from './fixed-rate.ts';
import type { Order, ScenarioName, Values } from './measurement.ts';
import { memory } from './memory.ts';
import { saturation } from './saturation.ts';
import { streams } from './streams.ts';

const scenarios: Record<ScenarioName, (order: Order) => Promise<Values>> = {
  memory,
  saturation,
  'rate-1000': (order) => fixedRate(order, 1000),
  'rate-200': (order) => fixedRate(order, 200),
  streams,
};

const order = JSON.parse(process.argv[2]!) as Order;
order.ownPids.push(process.pid);
console.log(JSON.stringify(await scenarios[order.scenario](order)));
process.exit();
