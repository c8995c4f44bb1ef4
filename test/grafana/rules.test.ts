import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ruleFiles, runbookAnchor } from '../../grafana/rules/rule-files.ts';
import { readSlo } from '../../grafana/rules/slo-settings.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const root = resolve(import.meta.dirname, '../..');
const files = ruleFiles(readSlo());
interface WrittenRule {
  alert?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
const rules = Object.values(files).flatMap((text) =>
  (parse(text) as { groups: { rules: WrittenRule[] }[] }).groups.flatMap((group) => group.rules),
);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const names = alerts.map(({ alert }) => alert ?? '');

/** Reads a file like config/slo.yml with one change. */
function changed(from: string | RegExp, to: string) {
  const file = join(temporaryDirectory(), 'slo.yml');
  const text = readFileSync(join(root, 'config/slo.yml'), 'utf8');
  expect(text).toMatch(from);
  writeFileSync(file, text.replace(from, to));
  return () => readSlo(file);
}

test('the committed rules are those that config/slo.yml and the code make: npm run rules', () => {
  const folder = join(root, 'grafana/alerts');
  const committed = readdirSync(folder).filter((file) => file.endsWith('.yml'));
  expect(Object.fromEntries(committed.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))).toEqual(files);
});

test('every alert says how urgent it is, what is the matter and where to read on', () => {
  expect(alerts.length).toBeGreaterThan(20);
  expect(new Set(names).size).toBe(names.length);
  for (const { alert = '', labels, annotations } of alerts) {
    expect(labels, alert).toEqual({ severity: expect.stringMatching(/^(page|ticket|info)$/), runbook: 'outrigger' });
    expect(annotations, alert).toEqual({
      summary: expect.stringMatching(/^.{15,}[^.]$/),
      runbook_url: `docs/runbook.md#${runbookAnchor(alert)}`,
    });
  }
});

test('the runbook has a paragraph for every alert and for nothing else', () => {
  const text = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
  const paragraphs = text
    .split(/^#+ /m)
    .map((part) => part.split('\n\n'))
    .map(([heading = '', ...body]) => ({ heading, body: body.join('\n\n') }))
    // What stands around them are headings of several words.
    .filter(({ heading }) => /^[A-Z]\w+[A-Z]\w+$/.test(heading));
  expect(paragraphs.map(({ heading }) => heading).sort()).toEqual([...names].sort());
  for (const { heading, body } of paragraphs) expect(body.length, heading).toBeGreaterThan(100);
});

test('every alert has a test in which it fires and one in which it does not', () => {
  const cases = readdirSync(join(root, 'grafana/alerts/tests')).flatMap((file) => {
    const { tests } = parse(readFileSync(join(root, 'grafana/alerts/tests', file), 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
    };
    return tests.flatMap((one) => one.alert_rule_test ?? []);
  });
  for (const fires of [true, false]) {
    const covered = cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname);
    expect([...new Set(covered)].sort()).toEqual([...names].sort());
  }
});

describe('config/slo.yml', () => {
  test('is refused with the reason where a time is no bucket, a key is unknown, or an outcome is misspelled', () => {
    expect(changed('within: 10s', 'within: 11s')).toThrow(/must be one of the buckets of outrigger_time_to_first_byte_seconds: .*, 10, 15/);
    expect(changed('runbook:', 'runbok:')).toThrow(/runbok/);
    expect(changed('timeout, refused', 'timeouts, refused')).toThrow(/slo\.yml/);
  });

  test('changes the rules', () => {
    const [text] = Object.values(ruleFiles(changed('99.5%', '99%')()));
    expect(text).toContain('vector(0.99)');
    expect(text).not.toContain('vector(0.995)');
  });
});
