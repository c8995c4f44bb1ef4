import type { Call } from '../../core/dialect.ts';
import type { Event } from '../../core/event.ts';
import type { CallInfo, Subscriber } from '../../core/journal.ts';
import { addUsage } from '../../core/usage.ts';
import type { LabelInterner } from '../label-interner.ts';
import { distributions } from './bounded-family.ts';
import { common } from './families.ts';
import { type ModelLabels, modelsLatest, modelsV141 } from './models.ts';

/** What the conventions tell of an upstream. */
export interface Server {
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly provider: string | undefined;
}

export interface ConventionOptions {
  readonly version: 'v1.41' | 'latest';
  readonly scheme: 'http' | 'https';
  /** What OpenTelemetry calls a call of a model. */
  operationOf(call: Call): string;
}

type EventOf<Kind extends Event['kind']> = Extract<Event, { kind: Kind }>;

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

/** The same numbers under the names of OpenTelemetry's conventions. Stands behind the metrics of our own. */
export class ConventionRecorder implements Subscriber {
  readonly name = 'conventions';
  /** Of the configuration in force, by the upstream's name. */
  servers: ReadonlyMap<string, Server> = new Map();
  readonly #options: ConventionOptions;
  readonly #names: { readonly models: LabelInterner; readonly tools: LabelInterner };
  readonly #models;
  readonly #httpServer = distributions(common.httpServer);
  readonly #httpClient = distributions(common.httpClient);
  readonly #genAiServer = distributions(common.genAiServer);
  readonly #firstToken = distributions(common.genAiFirstToken);
  readonly #perToken = distributions(common.genAiPerToken);
  readonly #mcpClient = distributions(common.mcpClient);
  readonly #mcpServer = distributions(common.mcpServer);
  /** For whoever reads them. */
  readonly families;

  constructor(options: ConventionOptions, names: { readonly models: LabelInterner; readonly tools: LabelInterner }) {
    this.#options = options;
    this.#names = names;
    this.#models = options.version === 'latest' ? modelsLatest() : modelsV141();
    const all = [this.#httpServer, this.#httpClient, this.#genAiServer, this.#firstToken, this.#perToken, this.#mcpClient, this.#mcpServer];
    this.families = [...all, ...this.#models.families];
  }

  on(event: Event, call: CallInfo | undefined): void {
    if (!call) return;
    if (event.kind === 'call-ended') this.#callEnded(event, call);
    else if (event.kind === 'attempt-ended') this.#attemptEnded(event, call);
    else if (event.kind === 'attempt-answered') {
      if (event.status === undefined && event.verdict !== 'refused') this.#attemptEnded(event, call);
    } else if (event.kind === 'committed') this.#committed(event, call);
  }

  #callEnded({ ms, status, outcome }: EventOf<'call-ended'>, call: CallInfo): void {
    const error = status >= 500 ? String(status) : outcome === 'cancelled' ? outcome : undefined;
    this.#httpServer.at(methodOf(call), call.route, status, this.#options.scheme, error).observeMs(ms);
    const { asked } = call;
    if (asked?.kind === 'llm') {
      const [operation, provider, model] = this.#labelsOf(call, asked, call.answered?.upstream ?? call.upstream, asked.model);
      this.#genAiServer.at(operation, provider, model, error).observeMs(ms);
    }
    const method = asked && mcpMethodOf(asked);
    if (asked && method !== undefined) this.#mcpServer.at(method, this.#toolOf(asked), error).observeMs(ms);
  }

  #attemptEnded(event: EventOf<'attempt-ended' | 'attempt-answered'>, call: CallInfo): void {
    const { upstream, verdict, ms, usage, estimated } = event;
    const server = this.servers.get(upstream);
    const error = verdict === 'ok' ? undefined : verdict;
    const answered = call.answered?.attempt === event.attempt ? call.answered : undefined;
    this.#httpClient.at(methodOf(call), server?.address, server?.port, answered?.status, error).observeMs(ms);
    const { asked } = call;
    if (asked?.kind === 'llm') {
      const labels = this.#labelsOf(call, asked, upstream, event.model);
      this.#models.attempt(labels, ms, error);
      if (usage) this.#models.used(labels, estimated ? addUsage(usage, estimated) : usage);
      const tokens = usage ? usage.output + usage.reasoning : 0;
      if (asked.stream && verdict === 'ok' && answered && tokens > 1) {
        const [operation, provider, model] = labels;
        this.#perToken.at(operation, provider, model).observeMs((ms - answered.ms) / (tokens - 1));
      }
    }
    const method = asked && mcpMethodOf(asked);
    if (asked && method !== undefined) this.#mcpClient.at(method, this.#toolOf(asked), error).observeMs(ms);
  }

  #committed({ ms, streamed }: EventOf<'committed'>, call: CallInfo): void {
    const { asked, answered } = call;
    if (!streamed || asked?.kind !== 'llm' || answered?.verdict !== 'ok' || answered.status === 101) return;
    const labels = this.#labelsOf(call, asked, answered.upstream, answered.model);
    const [operation, provider, model] = labels;
    this.#models.firstChunk(labels, answered.ms);
    this.#firstToken.at(operation, provider, model).observeMs(ms);
  }

  #labelsOf(call: CallInfo, asked: Call, upstream: string, model: string | undefined): ModelLabels {
    const server = this.servers.get(upstream) ?? this.servers.get(call.upstream);
    const label = model === undefined ? undefined : this.#names.models.peek(model);
    return [this.#options.operationOf(asked), server?.provider, label, server?.address, server?.port];
  }

  #toolOf({ tool }: Call): string | undefined {
    return tool === undefined ? undefined : this.#names.tools.peek(tool);
  }
}

function methodOf({ method }: CallInfo): string {
  return methods.has(method) ? method : '_OTHER';
}

/** What is known of a message without reading it again. */
function mcpMethodOf({ kind, listsTools }: Call): string | undefined {
  if (kind === 'tool') return 'tools/call';
  return listsTools ? 'tools/list' : undefined;
}
