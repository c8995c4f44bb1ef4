import { expect, it } from 'vitest';
import { crash } from './crash.ts';

it('killed at any moment, it loses nothing that was on disk, and what comes twice has the same id', async () => {
  const { stored, received, midway } = await crash(20);
  const firing = received.filter(({ kind }) => kind === 'firing');
  const ids = new Set(received.map(({ id }) => id));
  const outbox = [...stored].filter((line) => line.startsWith('outbox '));
  expect(outbox.length).toBeGreaterThan(20);
  expect(midway).toBeGreaterThan(0);
  expect(outbox.map((line) => line.slice('outbox '.length)).filter((id) => !ids.has(id))).toEqual([]);
  const told = new Map<string, Set<string>>();
  for (const { id, notices } of firing) for (const { incident } of notices) told.set(incident, (told.get(incident) ?? new Set()).add(id));
  const incidents = [...stored].filter((line) => line.startsWith('incident ')).map((line) => line.slice('incident '.length));
  expect(incidents.filter((incident) => !told.has(incident))).toEqual([]);
  expect([...told.values()].filter((of) => of.size !== 1)).toEqual([]);
}, 120_000);
