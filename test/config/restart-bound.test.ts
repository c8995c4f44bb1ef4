import { describe, expect, it } from 'vitest';
import { type LoadedConfig, loadConfigText } from '../../src/config/load.ts';
import { maskedConfig } from '../../src/config/masked-config.ts';
import { withRestartBound } from '../../src/config/restart-bound.ts';
import { least } from './load-text.ts';

function loaded(more = '', environment: Record<string, string> = {}): LoadedConfig {
  return loadConfigText(least + more, { environment, directory: '/' });
}

describe('a configuration that is read anew', () => {
  it('takes effect as a whole where nothing in it needs a restart', () => {
    const read = loaded('drainTimeout: 5s\nlimits: { requestBody: 1MB }\nadmin: { hosts: [a] }\ntelemetry: { log: { level: debug } }\n');
    const { loaded: result, kept } = withRestartBound(read, loaded());
    expect(result.config).toEqual(read.config);
    expect(kept).toEqual([]);
  });

  it('leaves what needs a restart as it is, and tells it', () => {
    const changes = [
      'listen: 127.0.0.1:1',
      'admin: { listen: 127.0.0.1:2 }',
      'state: { dir: /elsewhere }',
      'limits: { headers: 1KB, connections: 7, sessions: 7, headersTimeout: 1s, requestTimeout: 1s, replayBody: 1KB }',
      'telemetry: { log: { format: json, access: true } }',
      '',
    ];
    const inForce = loaded();
    const { loaded: result, kept } = withRestartBound(loaded(changes.join('\n')), inForce);
    expect(kept).toEqual([
      'listen',
      'admin.listen',
      'state.dir',
      'limits.headers',
      'limits.connections',
      'limits.sessions',
      'limits.headersTimeout',
      'limits.requestTimeout',
      'telemetry.log.format',
    ]);
    const { limits, telemetry, ...rest } = inForce.config;
    expect(result.config).toEqual({
      ...rest,
      limits: { ...limits, replayBody: 1024 },
      telemetry: { ...telemetry, log: { ...telemetry.log, access: true } },
    });
  });

  it('changes the token, and does not take it away from an admin port that others reach', () => {
    const open = loaded('admin: { listen: 0.0.0.0:4142, token: first }\n');
    const changed = withRestartBound(loaded('admin: { listen: 0.0.0.0:4142, token: second }\n'), open);
    expect(changed.loaded.config.admin.token).toBe('second');
    expect(changed.kept).toEqual([]);
    const taken = withRestartBound(loaded(), open);
    expect(taken.loaded.config.admin).toMatchObject({ listen: '0.0.0.0:4142', token: 'first' });
    expect(taken.kept).toEqual(['admin.listen', 'admin.token']);
    const closed = withRestartBound(loaded(), loaded('admin: { token: first }\n'));
    expect(closed.loaded.config.admin.token).toBeUndefined();
  });

  it('shows what is kept as little as the file that it is from did', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: references of the configuration look like that
    const inForce = loaded('state: { dir: "${DIR}" }\n', { DIR: '/secret' });
    const { loaded: result } = withRestartBound(loaded('state: { dir: /shown }\n'), inForce);
    expect(maskedConfig(result)).toMatchObject({ state: { dir: '***' } });
    expect(result.config.state.dir).toBe('/secret');
  });
});
