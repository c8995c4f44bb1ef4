/** What the admin port shows. Everything else of the program answers through this. */
export interface AdminSources {
  /** Whether calls are served; where not, why: `starting`, `draining` or what is wrong with the configuration. */
  ready(): { readonly ready: boolean; readonly reason: string };
  /** The report of health, as JSON. */
  health(): unknown;
  /** The upstreams and how they are, as JSON. */
  upstreams(): unknown;
  /** What each policy of each stack knows now, as JSON. */
  policies(): unknown;
  /** What each model has cost so far, as JSON. */
  costs(): unknown;
  /** The configuration in force, as JSON, its secrets masked; what still looks like one is masked on the way out. */
  config(): unknown;
  /** Prometheus' text format 0.0.4, of this moment. */
  metrics(): Promise<string>;
}
