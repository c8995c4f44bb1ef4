import { writeSync } from 'node:fs';
import { request } from 'node:http';
import type { Channel } from '../../src/alerts/channel.ts';
import { AlertEngine } from '../../src/alerts/engine.ts';
import { alertsSettings } from '../../src/alerts/settings.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Records } from '../../src/store/records.ts';
import { StateStore } from '../../src/store/state-store.ts';

// Opens incidents and sends their messages until it is killed; says on standard output when it begins, and what is on disk.
const [path = '', receiver = '', round = '', rest = ''] = process.argv.slice(2);
const incidents = Number(rest);

const records = new StateStore(path, systemClock, (trouble) => {
  throw new Error(JSON.stringify(trouble));
});
await records.open();
const known = await records.load();
const telling: Records = {
  async commit(changes) {
    const durable = await records.commit(changes);
    for (const { kind, id, value } of durable ? changes : []) if (value !== undefined) writeSync(1, `${kind} ${id}\n`);
    return durable;
  },
  health: () => records.health(),
  close: () => records.close(),
};

const channel: Channel = {
  send: (message) =>
    new Promise((resolve) => {
      const sent = request(receiver, { method: 'POST' }, (response) => {
        response.resume().on('end', () => resolve({ result: 'delivered', said: 'ok' }));
      });
      sent.on('error', (error) => resolve({ result: 'later', reason: error.message }));
      sent.end(JSON.stringify(message));
    }),
};

const engine = new AlertEngine({
  clock: systemClock,
  random: Math.random,
  records: telling,
  known,
  sources: { advice: () => '', links: () => ({}) },
  publish() {},
});
const url = 'https://example.org/';
engine.configure(
  alertsSettings.parse({
    groupWait: '0s',
    channels: { hook: { webhook: { url, secret: 'whsec_c2VjcmV0' } } },
    rules: [{ on: 'circuit-open', send: ['hook'] }],
  }),
  new Map([['hook', channel]]),
);
// A disk that holds everything up for seconds would let it do all of its work before anything is on disk, and say nothing.
writeSync(1, 'begun\n');
let opened = 0;
const beat = setInterval(() => {
  if (opened < incidents)
    engine.on({ kind: 'circuit', attempt: 0, upstream: `${round}-${opened++}`, from: 'closed', to: 'open', why: '' }, undefined);
  else if (incidents === 0 && engine.health().queued === 0) {
    clearInterval(beat);
    void engine.close().then(() => records.close());
  }
}, 15);
