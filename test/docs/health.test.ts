import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { adminRoutes } from '../../src/admin/admin-routes.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { eventRoutes } from '../../src/events-api.ts';
import { healthSettings } from '../../src/telemetry/health/settings.ts';
import { labelValues } from '../../src/telemetry/label-values.ts';
import { LiveJournal } from '../../src/telemetry/live-journal.ts';
import { plainSources } from '../admin/kit.ts';

const page = (name: string) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');

test('the page of health shows every check and every default', () => {
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(page('health')) ?? [];
  const { health } = parse(yaml) as { health: object };
  expect(healthSettings.parse(health)).toEqual(healthSettings.parse({}));
  expect(Object.keys(health)).toEqual(Object.keys(healthSettings.shape));
  const checks = [...page('health').matchAll(/^\| `([\w-]+)` /gm)].map(([, name]) => name);
  expect(checks).toEqual(labelValues.check.filter((check) => check !== 'overall'));
});

test('the page of the admin port tells of every path that is for people and programs', () => {
  const routes = [...adminRoutes(plainSources), ...eventRoutes(new LiveJournal(new ManualClock()))];
  for (const { path } of routes.filter((route) => !ofThePage.has(route.path))) expect(page('api')).toContain(`\`${path}\``);
});

const ofThePage = new Set(['/page.js', '/page.css']);
