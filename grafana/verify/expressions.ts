import { globSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parse } from 'yaml';

/** One expression of a dashboard or of a rule. */
export interface Expression {
  /** Where it stands, for people: file, panel, query. */
  readonly where: string;
  /** As it is written, with Grafana's variables. */
  readonly text: string;
  /** Marks and alerts are empty while nothing is the matter. */
  readonly kind: 'panel' | 'variable' | 'mark' | 'record' | 'alert';
}

interface DashboardFile {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly refId: string; readonly expr: string }[] }[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[] };
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly record?: string; readonly alert?: string; readonly expr: string }[] }[];
}

const grafana = resolve(import.meta.dirname, '..');

/** Every expression of the committed dashboards and rules. Throws an `Error` where there are none: that would prove nothing. */
export function committedExpressions(folder = grafana): Expression[] {
  const files = (pattern: string) => globSync(pattern, { cwd: folder }).sort();
  const dashboards = files('dashboards/*.json').map((file) => resolve(folder, file));
  const rules = files('alerts/*.yml').map((file) => resolve(folder, file));
  if (dashboards.length === 0 || rules.length === 0) throw new Error(`no dashboards or no rules below ${folder}`);
  return [
    ...dashboards.flatMap((file) => ofDashboard(basename(file), JSON.parse(readFileSync(file, 'utf8')) as DashboardFile)),
    ...rules.flatMap((file) => ofRules(basename(file), parse(readFileSync(file, 'utf8')) as RuleFile)),
  ];
}

/** The names that recording rules give to their series. */
export function recordedNames(folder = grafana): Set<string> {
  const records = globSync('alerts/*.yml', { cwd: folder }).flatMap((file) =>
    (parse(readFileSync(resolve(folder, file), 'utf8')) as RuleFile).groups.flatMap(({ rules }) => rules.map(({ record }) => record)),
  );
  return new Set(records.filter((record) => record !== undefined));
}

/** What a variable of a dashboard asks for: `label_values(selector, label)`. */
export function labelValuesOf(query: string): { selector: string; label: string } {
  const [, selector, label] = /^label_values\((.+), *(\w+)\)$/.exec(query) ?? [];
  if (!selector || !label) throw new Error(`not a question that is understood: ${query}`);
  return { selector, label };
}

function ofDashboard(file: string, { panels, annotations, templating }: DashboardFile): Expression[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ where: `${file}: ${title}, ${refId}`, text: expr, kind: 'panel' as const })),
    ),
    ...annotations.list.flatMap(({ name, expr }) => (expr ? [{ where: `${file}: mark ${name}`, text: expr, kind: 'mark' as const }] : [])),
    ...templating.list.flatMap(({ name, type, query }) =>
      type === 'query' ? [{ where: `${file}: variable ${name}`, text: (query as { query: string }).query, kind: 'variable' as const }] : [],
    ),
  ];
}

function ofRules(file: string, { groups }: RuleFile): Expression[] {
  return groups.flatMap(({ rules }) =>
    rules.map(({ record, alert, expr }) => ({
      where: `${file}: ${record ?? alert}`,
      text: expr,
      kind: record === undefined ? ('alert' as const) : ('record' as const),
    })),
  );
}
