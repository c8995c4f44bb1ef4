import { expect, test } from 'vitest';
import { adminSettings } from '../../src/admin/settings.ts';

test('nothing set gives the loopback address, no token and no further hosts', () => {
  expect(adminSettings.parse({})).toEqual({ listen: '127.0.0.1:4142', hosts: [] });
});

test.each(['0.0.0.0:4142', '[::]:4142', '10.0.0.7:4142', 'outrigger:4142'])('%s needs a token', (listen) => {
  const { error } = adminSettings.safeParse({ listen });
  expect(error?.issues).toMatchObject([{ path: ['token'], message: expect.stringContaining('token') }]);
  expect(adminSettings.safeParse({ listen, token: 'secret' }).success).toBe(true);
});

test.each(['127.0.0.1:0', 'localhost:4142', '[::1]:4142'])('%s needs none', (listen) => {
  expect(adminSettings.safeParse({ listen }).success).toBe(true);
});

test.each([{ listen: '4142' }, { token: '' }, { token: 'a b' }, { hosts: ['http://outrigger'] }, { hosts: ['a/b'] }, { extra: 1 }])(
  'refuses %j',
  (settings) => {
    expect(adminSettings.safeParse(settings).success).toBe(false);
  },
);
