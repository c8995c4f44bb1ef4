import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmapPanel from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as statPanel from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { metricsSource } from './data-sources.ts';
import type { PanelFacts, Piece, Query, Step } from './panel-facts.ts';
import { traceLinks } from './trace-links.ts';

type AnyBuilder =
  | timeseries.PanelBuilder
  | statPanel.PanelBuilder
  | heatmapPanel.PanelBuilder
  | statetimeline.PanelBuilder
  | bargauge.PanelBuilder;

/** Curves over time; `stacked` where they add up to a whole, `signed` where they may be below 0. */
export function curves(facts: PanelFacts & { readonly stacked?: boolean; readonly signed?: boolean; readonly max?: number }): Piece {
  return piece(facts, 8, 8, () => {
    const panel = new timeseries.PanelBuilder()
      .lineWidth(1)
      .fillOpacity(facts.stacked ? 60 : 8)
      .showPoints(common.VisibilityMode.Never)
      .spanNulls(false)
      .legend(legend())
      .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending))
      .stacking(new common.StackingConfigBuilder().mode(facts.stacked ? common.StackingMode.Normal : common.StackingMode.None));
    if (!facts.signed) panel.min(0);
    if (facts.max !== undefined) panel.max(facts.max);
    for (const target of targets(facts.queries)) panel.withTarget(target.range());
    return panel;
  });
}

/** The number of now of each series, with its course behind it; `none` stands there where there is no series. */
export function stat(facts: PanelFacts & { readonly none?: string }): Piece {
  return piece(facts, 3, 4, () => {
    const panel = new statPanel.PanelBuilder()
      .colorMode(common.BigValueColorMode.Value)
      .graphMode(common.BigValueGraphMode.Area)
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
    if (facts.none !== undefined) panel.noValue(facts.none);
    for (const target of targets(facts.queries)) panel.withTarget(target.range());
    return panel;
  });
}

/** How many observations fell into which bucket, over time. The expression is summed up by `le` and nothing else. */
export function heatmap(facts: PanelFacts): Piece {
  return piece(facts, 12, 8, () => {
    const panel = new heatmapPanel.PanelBuilder()
      .calculate(false)
      .color(
        new heatmapPanel.HeatmapColorOptionsBuilder()
          .mode(heatmapPanel.HeatmapColorMode.Scheme)
          .scheme('Oranges')
          .exponent(0.5)
          .steps(64)
          .reverse(false),
      )
      .yAxis(new heatmapPanel.YAxisConfigBuilder().unit(facts.unit))
      .cellGap(1)
      .filterValues(new heatmapPanel.FilterValueRangeBuilder().le(1e-9))
      .showLegend();
    for (const target of targets(facts.queries)) panel.withTarget(target.range().format(prometheus.PromQueryFormat.Heatmap).exemplar(true));
    return panel;
  });
}

/** Which state each series was in, over time. */
export function states(facts: PanelFacts & Required<Pick<PanelFacts, 'words'>>): Piece {
  return piece(facts, 12, 8, () => {
    const panel = new statetimeline.PanelBuilder()
      .mergeValues(true)
      .showValue(common.VisibilityMode.Never)
      .rowHeight(0.8)
      .fillOpacity(80)
      .lineWidth(0)
      .legend(legend());
    for (const target of targets(facts.queries)) panel.withTarget(target.range());
    return panel;
  });
}

/** A bar for each series, as long as its value of now. */
export function bars(facts: PanelFacts): Piece {
  return piece(facts, 8, 8, () => {
    const panel = new bargauge.PanelBuilder()
      .displayMode(common.BarGaugeDisplayMode.Basic)
      .orientation(common.VizOrientation.Horizontal)
      .showUnfilled(true)
      .min(0)
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
    for (const target of targets(facts.queries)) panel.withTarget(target.instant());
    return panel;
  });
}

/** Ends what every panel has in common, at its place. */
export function finish(
  panel: Pick<dashboard.PanelBuilder, 'build'>,
  facts: Pick<PanelFacts, 'id' | 'title' | 'description'>,
  at: dashboard.GridPos,
): dashboard.Panel {
  const { id, title, description } = facts;
  return { ...panel.build(), id, title, description, gridPos: at, datasource: metricsSource };
}

/** The queries of a panel, named A, B, … in their order. */
export function targets(queries: readonly Query[]): prometheus.DataqueryBuilder[] {
  return queries.map(({ expr, legend }, index) =>
    new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .datasource(metricsSource)
      .expr(expr)
      .legendFormat(legend),
  );
}

/** The thresholds of Grafana; green for all where there are none. */
export function thresholds(steps: readonly Step[] = [{ from: null, color: 'green' }]): dashboard.ThresholdsConfigBuilder {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(({ from, color }) => ({ value: from, color })));
}

function piece(facts: PanelFacts, width: number, height: number, create: () => AnyBuilder): Piece {
  return {
    kind: 'panel',
    width: facts.width ?? width,
    height: facts.height ?? height,
    build(at) {
      const panel = create().unit(facts.unit).thresholds(thresholds(facts.steps)).dataLinks(traceLinks(facts.queries));
      panel.colorScheme(
        new dashboard.FieldColorBuilder().mode(
          facts.steps ? dashboard.FieldColorModeId.Thresholds : dashboard.FieldColorModeId.PaletteClassicByName,
        ),
      );
      if (facts.words) panel.mappings([mapping(facts.words)]);
      return finish(panel, facts, at);
    },
  };
}

function mapping(words: NonNullable<PanelFacts['words']>): dashboard.ValueMapping {
  return {
    type: dashboard.MappingType.ValueToText,
    options: Object.fromEntries(words.map(({ value, text, color }, index) => [String(value), { text, color, index }])),
  };
}

function legend(): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true);
}
