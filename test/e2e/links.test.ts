import { expect, test } from 'vitest';
import { receiver } from '../alerts/channels/receiver.ts';
import { freePort } from '../kit/free-port.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { startProcess } from '../life/sidecar-process.ts';
import { browserPage } from './browser.ts';

test('a person with a phone comes from a chat, sees what it is about and acknowledges', async () => {
  const sent: string[] = [];
  const hook = await receiver((response, { body }) => {
    sent.push(body);
    response.end('ok');
  });
  const admin = `http://127.0.0.1:${await freePort()}`;
  await startProcess({
    admin: { listen: admin.slice('http://'.length), token: 'a-token-of-many-characters', publicUrl: admin },
    state: { dir: temporaryDirectory() },
    upstreams: { peer: { url: 'http://127.0.0.1:9', dialect: 'http' } },
    routes: [{ path: '/', upstream: 'peer' }],
    alerts: {
      groupWait: '0s',
      channels: { hook: { webhook: { url: hook.url, secret: 's', allowPrivate: true } } },
      rules: [{ on: 'agent-paused', send: ['hook'] }],
    },
  });
  const headers = { authorization: 'Bearer a-token-of-many-characters', 'content-type': 'application/json' };
  await fetch(`${admin}/api/agents/planner/pause`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ reason: '<img src=x onerror=alert(1)>' }),
  });
  await eventually('the message', () => sent.length === 1, 10_000);
  const { data } = JSON.parse(sent[0]!) as { data: { incidents: { links: { acknowledge: string } }[] } };
  const link = data.incidents[0]!.links.acknowledge;

  // To a browser, localhost is another site than 127.0.0.1.
  const chat = await receiver((response) => void response.setHeader('content-type', 'text/html').end(`<a href="${link}">Acknowledge</a>`));
  const page = await browserPage();
  await page.goTo(`http://localhost:${chat.port}/`);
  await page.shows('Acknowledge');
  await page.evaluate('document.querySelector("a").click()');
  await page.shows('Acknowledge: I take care of it');
  await page.shows('<img src=x onerror=alert(1)>');
  // Its style is let through by the policy for its content, and nothing is wider than the phone.
  expect(await page.evaluate('getComputedStyle(document.querySelector("button")).fontWeight')).toBe('600');
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

  await page.evaluate('document.querySelector("input").value = "Anna"; document.querySelector("button").click()');
  await page.shows('Acknowledged. Nobody else is called.');
  const { incidents } = (await (await fetch(`${admin}/api/incidents`, { headers })).json()) as { incidents: unknown[] };
  expect(incidents).toMatchObject([{ status: 'acknowledged', by: 'Anna, by a link' }]);
  expect(page.complaints).toEqual([]);
});
