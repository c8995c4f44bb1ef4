import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Channel } from './alerts/channel.ts';
import type { AlertEngine } from './alerts/engine.ts';
import { linkKey } from './alerts/link-key.ts';
import type { Runbook } from './alerts/runbook.ts';
import type { AlertsSettings } from './alerts/settings.ts';
import { linksTo } from './alerts/signed-links.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { Journal } from './core/journal.ts';
import type { StateStore } from './store/state-store.ts';
import { withoutSecrets } from './without-secrets.ts';

/** What is there while alerts are configured. */
export interface ActiveAlerts {
  readonly engine: AlertEngine;
  readonly runbook: Runbook;
  /** What the links in its messages are signed with. */
  readonly linkKey: Uint8Array;
}

export interface AlertingOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps incidents and messages; who gives it closes it. */
  readonly store: StateStore;
  /** The state directory. */
  readonly directory: string;
}

type ChannelSettings = AlertsSettings['channels'][string];

/** The alerts of a sidecar: nothing of them is loaded until a configuration has some. */
export class Alerting {
  readonly #options: AlertingOptions;
  readonly #channels = new Map<string, { readonly settings: ChannelSettings; readonly channel: Channel }>();
  #active: ActiveAlerts | undefined;
  #publicUrl: string | undefined;
  #unsubscribe: (() => void) | undefined;
  /** One configuration after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: AlertingOptions) {
    this.#options = options;
  }

  /** Another object with each configuration. */
  get active(): ActiveAlerts | undefined {
    return this.#active;
  }

  /** Puts the alerts of a configuration in force. Never rejects; the log tells what went wrong. */
  configure(config: Config): Promise<void> {
    this.#last = this.#last.then(() => this.#apply(config)).catch((error: unknown) => this.#failed(error));
    return this.#last;
  }

  /** Sends nothing more. */
  close(): Promise<void> {
    this.#last = this.#last.then(() => this.#stop()).catch((error: unknown) => this.#failed(error));
    return this.#last;
  }

  async #apply({ alerts, admin }: Config): Promise<void> {
    this.#publicUrl = admin.publicUrl;
    if (!alerts) return this.#stop();
    const isNew = this.#active === undefined;
    const active = this.#active ?? (await this.#start());
    this.#active = active;
    const left = await this.#connect(alerts);
    const channels = new Map([...this.#channels].map(([name, { channel }]) => [name, channel]));
    active.engine.configure(alerts, channels);
    this.#active = { ...active };
    if (isNew) this.#unsubscribe = this.#options.journal.subscribe(active.engine);
    await Promise.all(left.map(async (channel) => channel.close?.()));
  }

  async #start(): Promise<ActiveAlerts> {
    const { clock, logger, journal, store, directory } = this.#options;
    const [{ AlertEngine }, { readRunbook }] = await Promise.all([import('./alerts/engine.ts'), import('./alerts/runbook.ts')]);
    // Held from the start: two sidecars with one file would send each message twice.
    const [runbook] = await Promise.all([readRunbook(), store.open()]);
    const known = await store.load();
    const key = linkKey(directory, (error) => logger.error({ err: error }, 'links in alerts are good until this process ends'));
    const engine = new AlertEngine({
      clock,
      random: Math.random,
      records: store,
      known,
      sources: { advice: (on) => runbook.advice(on), links: (incident) => linksTo(incident, this.#publicUrl, key, clock.wall()) },
      publish: (event) => journal.publish(event),
    });
    return { engine, runbook, linkKey: key };
  }

  /** Channels whose settings are as they were go on. Returns those that are not wanted any more. */
  async #connect({ channels }: AlertsSettings): Promise<Channel[]> {
    const { createChannel } = await import('./alerts/channels/create-channel.ts');
    const left: Channel[] = [];
    for (const [name, { settings, channel }] of this.#channels) {
      if (isDeepStrictEqual(settings, channels[name])) continue;
      left.push(channel);
      this.#channels.delete(name);
    }
    for (const [name, settings] of Object.entries(channels)) {
      if (!this.#channels.has(name))
        this.#channels.set(name, { settings, channel: withoutSecrets(createChannel(settings, this.#options.clock)) });
    }
    return left;
  }

  async #stop(): Promise<void> {
    const active = this.#active;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#active = undefined;
    await active?.engine.close();
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    await Promise.all(channels.map(async ({ channel }) => channel.close?.()));
  }

  #failed(error: unknown): void {
    this.#options.logger.error({ err: error }, 'the alerts failed');
  }
}
