import { expect, test } from 'vitest';
import { maskSecrets } from '../../src/admin/mask-secrets.ts';

test('a configuration comes out in its shape, without a secret', () => {
  const config = {
    listen: { address: '127.0.0.1:4141', cert: '/etc/cert.pem', key: '/etc/key.pem' },
    admin: { token: 'canary', hosts: ['outrigger'] },
    limits: { headers: 16_384 },
    upstreams: {
      a: { url: 'https://llm.example.org/v1', headers: { 'x-vendor-key': 'canary', Authorization: 'canary', 'anthropic-version': '2026' } },
      b: { url: 'https://user:canary@host:8443/v1?key=canary' },
    },
    policies: { llm: { retry: { attempts: 3, on: ['overloaded'] }, fallback: [{ upstream: 'b', maxTokens: 100 }], deadline: undefined } },
    agents: { planner: { keys: ['canary', 'canary'] } },
    alerts: {
      channels: {
        ops: { slack: { url: 'https://hooks.slack.com/services/T/canary' } },
        hook: { webhook: { url: 'https://h/?s=canary', secret: 'canary' } },
      },
    },
    note: 'use sk-canary0123 or Bearer canary',
  };
  const masked = maskSecrets(config);
  expect(JSON.stringify(masked)).not.toContain('canary');
  expect(masked).toMatchObject({
    listen: { address: '127.0.0.1:4141', cert: '/etc/cert.pem' },
    admin: { token: '***', hosts: ['outrigger'] },
    limits: { headers: 16_384 },
    upstreams: {
      a: { url: 'https://llm.example.org/v1', headers: { Authorization: '***', 'anthropic-version': '2026' } },
      b: { url: 'https://***@host:8443/v1?***' },
    },
    policies: { llm: { retry: { attempts: 3, on: ['overloaded'] }, fallback: [{ upstream: 'b', maxTokens: 100 }] } },
    agents: { planner: { keys: ['***', '***'] } },
  });
  expect(config.admin.token).toBe('canary');
});
