import { expect, test } from 'vitest';
import { telemetrySettings } from '../../src/telemetry/settings.ts';

test('nothing set gives every default', () => {
  expect(telemetrySettings.parse({})).toEqual({
    log: { level: 'info', access: false },
    metrics: { agents: 50, models: 40, tools: 60 },
    capture: { bodies: false },
    semconv: 'v1.41',
  });
});

test('one key set leaves the others at their defaults', () => {
  expect(telemetrySettings.parse({ metrics: { models: 5 }, log: { format: 'pretty' } })).toEqual({
    log: { level: 'info', format: 'pretty', access: false },
    metrics: { agents: 50, models: 5, tools: 60 },
    capture: { bodies: false },
    semconv: 'v1.41',
  });
});

test.each([{ log: { level: 'loud' } }, { log: { colour: true } }, { metrics: { agents: 0 } }, { metrics: { agents: 1.5 } }, { extra: 1 }])(
  'refuses %j',
  (settings) => {
    expect(telemetrySettings.safeParse(settings).success).toBe(false);
  },
);
