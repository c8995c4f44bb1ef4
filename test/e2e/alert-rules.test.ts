import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { run } from './program.ts';

const committed = resolve(import.meta.dirname, '../../grafana/alerts');
interface Rules {
  groups: { rules: { alert?: string; expr: string }[] }[];
}
const filesWithAlerts = ['outrigger.yml', 'slo.yml'].map((file) => {
  const rules = parse(readFileSync(join(committed, file), 'utf8')) as Rules;
  const alerts = rules.groups.flatMap((group) => group.rules.flatMap(({ alert }) => alert ?? []));
  return [file, alerts] as const;
});

test('promtool finds nothing wrong with the rules, and their tests pass', async () => {
  const paths = ['outrigger.yml', 'slo.yml'].map((file) => join(committed, file));
  expect(await run('promtool', ['check', 'rules', ...paths])).toMatchObject({ code: 0 });
  const tests = ['outrigger.yml', 'slo.yml'].map((file) => join(committed, 'tests', file));
  expect(await run('promtool', ['test', 'rules', ...tests])).toMatchObject({ code: 0 });
});

test.each(filesWithAlerts)('every alert of %s has a test that fails where it never fires', async (file, alerts) => {
  expect(alerts.length).toBeGreaterThan(3);
  const copy = join(temporaryDirectory(), 'alerts');
  cpSync(committed, copy, { recursive: true });
  const rules = parse(readFileSync(join(committed, file), 'utf8')) as Rules;
  for (const rule of rules.groups.flatMap((group) => group.rules)) if (rule.alert !== undefined) rule.expr = 'vector(0) > 1';
  writeFileSync(join(copy, file), stringify(rules));
  const { code, stdout, stderr } = await run('promtool', ['test', 'rules', join(copy, 'tests', file)]);
  expect(code).toBe(1);
  const failed = [...(stdout + stderr).matchAll(/alertname: (\w+)/g)].map(([, name]) => name);
  expect(new Set(failed)).toEqual(new Set(alerts));
});

test('verifying the dashboards ends at once, with a word on how to get Prometheus, where that is not there', async () => {
  const script = resolve(import.meta.dirname, '../../grafana/verify/run.ts');
  const { code, stderr } = await run('env', [`PATH=${temporaryDirectory()}`, process.execPath, script]);
  expect(code).toBe(1);
  expect(stderr).toContain('prometheus is not on PATH');
  expect(stderr).toContain('apt-get install');
});
