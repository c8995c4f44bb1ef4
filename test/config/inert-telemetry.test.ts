import { describe, expect, it } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';

function load(telemetry: object) {
  const config = { upstreams: { a: { url: 'https://llm.example.org' }, b: { url: 'simulated:' } }, telemetry };
  const routes = [
    { path: '/a', upstream: 'a' },
    { path: '/b', upstream: 'b' },
  ];
  return loadConfigText(JSON.stringify({ ...config, routes }));
}

const warnings = (telemetry: object) => load(telemetry).warnings.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the configuration of traces', () => {
  it('warns of what does nothing', () => {
    expect(warnings({ capture: { bodies: true } })).toEqual([
      'telemetry.capture.bodies: does nothing without telemetry.traces, unless OTEL_* variables switch traces on',
    ]);
    expect(warnings({ traces: { sample: '0%', alwaysOn: [] } })[0]).toContain('telemetry.traces.sample: no trace is exported');
    expect(warnings({ traces: { baggage: ['llm.example.org', 'other.example.org', '*.example.org:443', '*.example.org:80'] } })).toEqual([
      'telemetry.traces.baggage.1: no upstream has this host',
      'telemetry.traces.baggage.3: no upstream has this host',
    ]);
  });

  it('has the defaults that are documented, and none where it does not stand', () => {
    expect(load({}).config.telemetry.traces).toBeUndefined();
    expect(load({ traces: {} }).config.telemetry.traces).toEqual({
      endpoint: 'http://127.0.0.1:4318',
      sample: 0.1,
      alwaysOn: ['error', 'retry', 'fallback', 'loop'],
      baggage: [],
    });
    expect(load({ traces: {}, capture: { bodies: true } }).warnings).toEqual([]);
  });

  it.each([
    [{ traces: { endpoint: '127.0.0.1:4318' } }, 'expected an http:// or https:// URL'],
    [{ traces: { endpoint: 'http://u:p@x' } }, 'without credentials'],
    [{ traces: { sample: '0.1' } }, 'expected a share'],
    [{ traces: { alwaysOn: ['retries'] } }, 'did you mean'],
    [{ traces: { baggage: ['http://x'] } }, 'expected a host'],
    [{ metrics: { otlp: { interval: '1ms' } } }, 'at least 1s'],
    [{ semconv: 'v2' }, 'v1.41'],
  ])('refuses %j', (telemetry, message) => {
    expect(() => load(telemetry)).toThrow(ConfigError);
    try {
      load(telemetry);
    } catch (error) {
      expect((error as ConfigError).message).toContain(message);
    }
  });
});
