import { expect, test } from 'vitest';
import { startProcess } from '../life/sidecar-process.ts';
import { browserPage } from './browser.ts';

test('a person opens the page in a browser by the token as a password, and it shows how the upstreams are', async () => {
  const token = 'a-token-of-many-characters';
  const { admin } = await startProcess({
    admin: { listen: '127.0.0.1:0', token },
    upstreams: { peer: { url: 'http://127.0.0.1:9', dialect: 'http' } },
    routes: [{ path: '/', upstream: 'peer' }],
  });
  const page = await browserPage();
  // What a person is asked for, the browser also takes from a URL, and then keeps.
  await page.goTo(`${admin.replace('//', `//anybody:${token}@`)}/api/health`);
  await page.shows('healthy');
  await page.goTo(`${admin}/`);
  await page.shows('http://127.0.0.1:9');
  expect(page.complaints).toEqual([]);
});
