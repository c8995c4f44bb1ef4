import { bodyKilobytes, growthCounts, type ScenarioName } from './measurement.ts';
import { type Figures, figures, format, markdownTable, type Results } from './report.ts';

/** CPU time for each size of bodies and for each number of agents, sessions and routes, as Markdown; nothing of what was not run. */
export function grids(results: Results, floor: string): string[] {
  const figure = figures(results);
  return [bodyGrid(results, figure, floor), growthGrid(results, figure)].filter((text) => text !== undefined);
}

function bodyGrid(results: Results, figure: Figures, floor: string): string | undefined {
  const scenarios = bodyKilobytes.map((kilobytes) => ({ kilobytes, scenario: `body-${kilobytes}` as const }));
  const targets = targetsOf(results, scenarios);
  if (targets.length === 0) return undefined;
  const rows = scenarios.map(({ kilobytes, scenario }) => {
    const cpuUs = (target: string) => figure(scenario, target, 'cpuUs');
    const cells = targets.flatMap((target) => {
      const own = format(cpuUs(target), 0);
      return target === floor ? [own] : [own, format(cpuUs(target) / cpuUs(floor), 2)];
    });
    return [`${kilobytes.toLocaleString('en-US')} kB`, ...cells];
  });
  const head = targets.flatMap((target) => (target === floor ? [`${target} µs`] : [`${target} µs`, 'x floor']));
  return `### Bodies: CPU time of a request at saturation, by the size of its body\n\n${markdownTable(['body', ...head], rows)}`;
}

function growthGrid(results: Results, figure: Figures): string | undefined {
  const columns = (['agents', 'sessions', 'routes'] as const).flatMap((kind) =>
    targetsOf(
      results,
      growthCounts.map((count) => ({ scenario: `${kind}-${count}` as const })),
    ).map((target) => ({ kind, target })),
  );
  if (columns.length === 0) return undefined;
  const rows = growthCounts.map((count) => [
    count.toLocaleString('en-US'),
    ...columns.map(({ kind, target }) => format(figure(`${kind}-${count}`, target, 'cpuUs'), 1)),
  ]);
  const head = columns.map(({ kind, target }) => `${kind}: ${target} µs`);
  return `### Growth: CPU time of a request at saturation, by how many agents, sessions or routes there are\n\n${markdownTable(['number', ...head], rows)}`;
}

/** The targets of which any of the scenarios was run. */
function targetsOf(results: Results, scenarios: readonly { scenario: ScenarioName }[]): string[] {
  return [...new Set(scenarios.flatMap(({ scenario }) => [...(results.get(scenario)?.keys() ?? [])]))];
}
