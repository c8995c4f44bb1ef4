import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { annotations } from './annotations.ts';
import type { Piece } from './panel-facts.ts';
import { type VariableName, variable } from './variables.ts';

/** Columns of Grafana's grid. */
const gridWidth = 24;

/** What a dashboard is made of. */
export interface DashboardFacts {
  /** Part of its address; never to change. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Beside the data sources, which every dashboard has. */
  readonly variables: readonly VariableName[];
  readonly pieces: readonly Piece[];
}

/** Builds a dashboard in Grafana's classic format, with its panels placed from left to right and from the top down. */
export function buildDashboard({ uid, title, description, variables, pieces }: DashboardFacts): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['outrigger'])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .link(
      new dashboard.DashboardLinkBuilder('Outrigger')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(['outrigger'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  for (const name of ['datasource', 'traces', ...variables] as const) builder.withVariable(variable(name));
  for (const annotation of annotations()) builder.annotation(annotation);
  return { ...builder.build(), panels: placed(pieces) };
}

function placed(pieces: readonly Piece[]): (dashboard.Panel | dashboard.RowPanel)[] {
  let [x, y, lineHeight] = [0, 0, 0];
  const nextLine = () => {
    y += lineHeight;
    [x, lineHeight] = [0, 0];
  };
  return pieces.map((piece) => {
    if (piece.kind === 'row') {
      nextLine();
      const heading = new dashboard.RowBuilder(piece.title).id(piece.id).gridPos({ x: 0, y, w: gridWidth, h: 1 }).build();
      y += 1;
      return heading;
    }
    if (x + piece.width > gridWidth) nextLine();
    const panel = piece.build({ x, y, w: piece.width, h: piece.height });
    x += piece.width;
    lineHeight = Math.max(lineHeight, piece.height);
    return panel;
  });
}
