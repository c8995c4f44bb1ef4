import * as common from '@grafana/grafana-foundation-sdk/common';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as tablePanel from '@grafana/grafana-foundation-sdk/table';
import type { PanelFacts, PanelUnit, Piece } from './panel-facts.ts';
import { finish, targets, thresholds } from './panels.ts';
import { traceLinks } from './trace-links.ts';

/** A column of numbers: one query, whose series are its rows. */
export interface Column {
  readonly name: string;
  readonly expr: string;
  readonly unit: PanelUnit;
}

/** The facts of a table: its columns stand in place of queries. */
export interface TableFacts extends Omit<PanelFacts, 'queries' | 'words' | 'steps'> {
  /** The labels that all queries are grouped by; each is a column in front. */
  readonly by: readonly string[];
  /** The first one sorts, largest first. */
  readonly columns: readonly Column[];
}

/** Rows of labels with the numbers of now. */
export function table(facts: TableFacts): Piece {
  const { by, columns, unit, width = 12, height = 8 } = facts;
  return {
    kind: 'panel',
    width,
    height,
    build(at) {
      const queries = columns.map(({ expr, name }) => ({ expr, legend: name }));
      const panel = new tablePanel.PanelBuilder().unit(unit).thresholds(thresholds()).dataLinks(traceLinks(queries)).showHeader(true);
      for (const target of targets(queries)) panel.withTarget(target.instant().format(prometheus.PromQueryFormat.Table));
      panel.withTransformation({ id: 'merge', options: {} });
      panel.withTransformation({ id: 'organize', options: organized(by, columns) });
      for (const { name, unit } of columns) panel.overrideByName(name, [{ id: 'unit', value: unit }]);
      const [first] = columns;
      if (first) panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(first.name).desc(true)]);
      return finish(panel, facts, at);
    },
  };
}

/** Grafana calls the number of a table's only query Value, and those of several Value #A, Value #B, … */
function organized(by: readonly string[], columns: readonly Column[]) {
  const fieldOf = (index: number) => (columns.length > 1 ? `Value #${String.fromCharCode(65 + index)}` : 'Value');
  return {
    excludeByName: { Time: true },
    indexByName: Object.fromEntries([...by, ...columns.map((_, index) => fieldOf(index))].map((name, index) => [name, index])),
    renameByName: Object.fromEntries(columns.map(({ name }, index) => [fieldOf(index), name])),
  };
}
