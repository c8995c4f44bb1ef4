/** Only the upstreams that are chosen at the top of the dashboard. */
export const chosenUpstreams = 'upstream=~"$upstream"';
/** Only the agents that are chosen at the top of the dashboard. */
export const chosenAgents = 'agent=~"$agent"';
/** Only the upstreams and models that are chosen at the top of the dashboard. */
export const chosenModels = `${chosenUpstreams}, model=~"$model"`;

/** How much a counter grows in a second, summed up by these labels; of all series that match. */
export function perSecond(counter: string, by: readonly string[], match = ''): string {
  return `sum${grouped(by)} (rate(${counter}{${match}}[$__rate_interval]))`;
}

/** How much a counter has grown over the time that the dashboard shows. */
export function grown(counter: string, by: readonly string[], match = ''): string {
  return `sum${grouped(by)} (increase(${counter}{${match}}[$__range]))`;
}

/** A part of a whole, from 0 to 1; nothing where there is no whole. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}

/** The value that this share of a histogram's observations stays below. Where there were none there is no number, and no series. */
export function quantile(of: number, histogram: string, by: readonly string[], match = ''): string {
  return `histogram_quantile(${of}, ${perSecond(`${histogram}_bucket`, ['le', ...by], match)}) >= 0`;
}

function grouped(by: readonly string[]): string {
  return by.length > 0 ? ` by (${by.join(', ')})` : '';
}
