import { expect, it } from 'vitest';
import { crash } from '../alerts/crash.ts';

it('killed a hundred times, the alerts lose nothing that was on disk', async () => {
  const { stored, received, midway } = await crash(100);
  const ids = new Set(received.map(({ id }) => id));
  const outbox = [...stored].filter((line) => line.startsWith('outbox ')).map((line) => line.slice('outbox '.length));
  expect(outbox.length).toBeGreaterThan(100);
  expect(midway).toBeGreaterThan(5);
  expect(outbox.filter((id) => !ids.has(id))).toEqual([]);
}, 300_000);
