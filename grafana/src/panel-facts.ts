import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

/** One expression of a panel, and how its series are called. */
export interface Query {
  readonly expr: string;
  /** In Grafana's notation: `{{upstream}}`. */
  readonly legend: string;
}

/** Units as Grafana calls them. */
export type PanelUnit =
  | 's'
  | 'reqps'
  | 'ops'
  | 'percentunit'
  | 'bytes'
  | 'Bps'
  | 'short'
  | 'none'
  | 'currencyUSD'
  | 'dateTimeFromNow'
  | 'locale';

/** What every panel has. */
export interface PanelFacts {
  /** Unique in its dashboard, and never given to another panel: links lead to it. */
  readonly id: number;
  readonly title: string;
  /** What it shows and what to make of it, for whoever has never seen it. */
  readonly description: string;
  readonly unit: PanelUnit;
  readonly queries: readonly Query[];
  /** In columns of 24, and in rows. */
  readonly width?: number;
  readonly height?: number;
  /** Words in place of numbers. */
  readonly words?: readonly Word[];
  /** The colours from these values on; the first holds for all that is below the second. */
  readonly steps?: readonly Step[];
}

/** A value that a panel shows as a word. */
export interface Word {
  readonly value: number;
  readonly text: string;
  readonly color: string;
}

/** A colour and the value that it begins at; the first one of a panel has none. */
export interface Step {
  readonly from: number | null;
  readonly color: string;
}

/** A panel with its place still open, or a heading over those that follow. */
export type Piece =
  | { readonly kind: 'row'; readonly id: number; readonly title: string }
  | { readonly kind: 'panel'; readonly width: number; readonly height: number; build(at: dashboard.GridPos): dashboard.Panel };

/** A heading over the panels that follow. */
export function row(id: number, title: string): Piece {
  return { kind: 'row', id, title };
}
