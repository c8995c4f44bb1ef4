import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, test } from 'vitest';
import { buildDashboard } from '../../grafana/src/dashboard.ts';
import { dashboards, dashboardText } from '../../grafana/src/dashboards.ts';
import { row } from '../../grafana/src/panel-facts.ts';
import { curves, stat } from '../../grafana/src/panels.ts';

const folder = resolve(import.meta.dirname, '../../grafana/dashboards');
const all = Object.entries(dashboards).map(([file, create]) => ({ file, dashboard: create() }));

type AnyPanel = Panel | RowPanel;
const panelsOf = (dashboard: Dashboard): AnyPanel[] => dashboard.panels ?? [];
const shown = (dashboard: Dashboard): Panel[] => panelsOf(dashboard).filter((panel): panel is Panel => panel.type !== 'row');
const expressionsOf = (panel: Panel) => (panel.targets ?? []).map((target) => (target as unknown as { expr: string }).expr);

/** Pairs of panels that share a cell of the grid, and panels that reach beyond it. */
function misplaced(panels: readonly AnyPanel[]): string[] {
  const taken = new Map<string, string>();
  return panels.flatMap(({ title = '', gridPos }) => {
    if (!gridPos || gridPos.x + gridPos.w > 24) return [`${title} has no place in the grid`];
    const cells = Array.from(
      { length: gridPos.w * gridPos.h },
      (_, i) => `${gridPos.x + (i % gridPos.w)},${gridPos.y + Math.floor(i / gridPos.w)}`,
    );
    const other = cells.map((cell) => taken.get(cell)).find((one) => one !== undefined);
    for (const cell of cells) taken.set(cell, title);
    return other === undefined ? [] : [`${title} lies over ${other}`];
  });
}

test('the committed dashboards are those that the code makes: npm run dashboards', () => {
  const committed = readdirSync(folder).map((file) => [file, readFileSync(resolve(folder, file), 'utf8')]);
  expect(all.length).toBeGreaterThan(5);
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(all.map(({ file, dashboard }) => [file, dashboardText(dashboard)])));
});

test('every dashboard has an address and a name of its own, and a description', () => {
  expect(new Set(all.map(({ dashboard }) => dashboard.uid)).size).toBe(all.length);
  expect(new Set(all.map(({ dashboard }) => dashboard.title)).size).toBe(all.length);
  for (const { dashboard } of all) expect(dashboard.description?.length).toBeGreaterThan(20);
});

describe.each(all)('$file', ({ dashboard }) => {
  test('has the classic format that Grafana provisions from files', () => {
    expect(dashboard.schemaVersion).toBeGreaterThan(30);
    expect(dashboard.editable).toBe(false);
  });

  test('has panels with a title, a description, a unit, an expression and an id of their own', () => {
    const ids = panelsOf(dashboard).map(({ id }) => id);
    expect(ids.every((id) => Number.isInteger(id) && (id ?? 0) > 0)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(shown(dashboard).length).toBeGreaterThan(5);
    for (const panel of shown(dashboard)) {
      const { title, description, fieldConfig, datasource } = panel;
      expect([title, description], 'title and description').toEqual([expect.stringMatching(/.{3}/), expect.stringMatching(/^.{20,}\.$/)]);
      expect([title, fieldConfig?.defaults.unit]).toEqual([title, expect.stringMatching(/./)]);
      expect([title, datasource?.uid]).toEqual([title, '${datasource}']);
      expect([title, expressionsOf(panel).length]).not.toEqual([title, 0]);
    }
  });

  test('has no two panels in one place', () => {
    expect(misplaced(panelsOf(dashboard))).toEqual([]);
  });

  test('takes rates over the interval that suits the scrapes, and growth over the time shown', () => {
    const ranges = shown(dashboard)
      .flatMap(expressionsOf)
      .flatMap((expression) => [...expression.matchAll(/(rate|increase)\([^[]*\[([^\]]+)\]/g)].map(([, how, range]) => `${how} ${range}`));
    expect([...new Set(ranges)].filter((one) => one !== 'rate $__rate_interval' && one !== 'increase $__range')).toEqual([]);
  });

  test('defines every variable that it uses, and uses every one that it defines', () => {
    const defined = (dashboard.templating?.list ?? []).map(({ name }) => name).filter((name) => name !== 'datasource' && name !== 'traces');
    const used = new Set(
      shown(dashboard)
        .flatMap(expressionsOf)
        .flatMap((one) => [...one.matchAll(/\$([a-z]\w*)/g)].map(([, name]) => name)),
    );
    expect(used).toEqual(new Set(defined));
  });

  test('leads from what is shown of upstreams to their traces at that time', () => {
    for (const panel of shown(dashboard).filter((one) => expressionsOf(one).join().includes('upstream'))) {
      const [link] = panel.fieldConfig?.defaults.links ?? [];
      const url = new URL(link?.url ?? '', 'http://grafana');
      const panes = JSON.parse(url.searchParams.get('panes') ?? '{}') as {
        traces: { datasource: string; queries: { query: string }[]; range: object };
      };
      expect(panes.traces.datasource).toBe('${traces}');
      expect(panes.traces.queries[0]?.query).toMatch(/span\.outrigger\.upstream =~ "\$\{(__field\.labels\.upstream|upstream:pipe)\}"/);
      expect(panes.traces.range).toEqual({ from: '${__from}', to: '${__to}' });
    }
  });

  test('marks reloads of the configuration, circuits that open and injected faults', () => {
    const marks = (dashboard.annotations?.list ?? []).map(({ name }) => name);
    expect(marks).toEqual(expect.arrayContaining(['Configuration reloaded', 'Circuit opened', 'Faults injected']));
  });
});

test('panels that lie over one another would be found', () => {
  const at = (x: number, y: number, w: number, h: number) => ({ ...dashboards['slo.json']!().panels![0]!, gridPos: { x, y, w, h } });
  expect(misplaced([at(0, 0, 12, 8), at(12, 0, 12, 8)])).toEqual([]);
  expect(misplaced([at(0, 0, 12, 8), at(11, 7, 12, 8)])).toHaveLength(1);
  expect(misplaced([at(20, 0, 6, 8)])).toHaveLength(1);
});

test('a row begins a new line, and what does not fit into a line begins the next', () => {
  const facts = { title: 'a', description: 'b', unit: 'none', queries: [{ expr: 'up', legend: '' }] } as const;
  const { panels } = buildDashboard({
    uid: 'u',
    title: 't',
    description: 'd',
    variables: [],
    pieces: [stat({ ...facts, id: 1 }), row(2, 'more'), curves({ ...facts, id: 3, width: 16 }), curves({ ...facts, id: 4, width: 10 })],
  });
  expect(panels?.map(({ gridPos }) => [gridPos?.x, gridPos?.y])).toEqual([
    [0, 0],
    [0, 4],
    [0, 5],
    [0, 13],
  ]);
});
