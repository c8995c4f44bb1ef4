import { expect, test } from 'vitest';
import { createCallLog } from '../../src/telemetry/call-log.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { isBug } from './start-sidecar.ts';

test('the line that the sidecar logs about a bug of its own is known from all others', async () => {
  const lines: string[] = [];
  const { logger } = await createLog({ level: 'info', format: 'json', access: false }, { write: (line) => lines.push(line) });
  const log = createCallLog({ logger, access: () => false });
  log.on({ kind: 'bug', attempt: 0, error: new Error('oops') }, undefined);
  log.on({ kind: 'config-reloaded', attempt: 0, result: 'applied', problems: 0 }, undefined);
  expect(lines.map(isBug)).toEqual([true, false]);
});
