import { type DashboardLink, DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Query } from './panel-facts.ts';

interface Builder<Built> {
  build(): Built;
}

/**
 * Links from a point of a panel to the traces of that upstream and time in Tempo: of the series' own upstream where it has one, else
 * of those that are chosen; none for what has nothing to do with upstreams.
 */
export function traceLinks(queries: readonly Query[]): Builder<DashboardLink>[] {
  const expressions = queries.map(({ expr }) => expr).join(' ');
  if (!expressions.includes('upstream')) return [];
  const own = /by \([^)]*\bupstream\b/.test(expressions);
  return [
    new DashboardLinkBuilder('Traces of this upstream and time')
      .type(DashboardLinkType.Link)
      .url(tracesUrl(own ? '${__field.labels.upstream}' : '${upstream:pipe}'))
      .targetBlank(true),
  ];
}

/** A search in Grafana's explorer; what stands in `${}` is filled in by Grafana, so it is not to be encoded. */
function tracesUrl(upstreams: string): string {
  const query = `{ resource.service.name = "outrigger" && span.outrigger.upstream =~ "${upstreams}" }`;
  const panes = {
    traces: {
      datasource: '${traces}',
      queries: [{ refId: 'A', queryType: 'traceql', query, limit: 50 }],
      range: { from: '${__from}', to: '${__to}' },
    },
  };
  const encoded = encodeURIComponent(JSON.stringify(panes)).replace(
    /%24%7B([\w.%]+?)%7D/g,
    (_, name: string) => `\${${decodeURIComponent(name)}}`,
  );
  return `/explore?schemaVersion=1&panes=${encoded}`;
}
