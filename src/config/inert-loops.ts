import type { DialectName } from '../core/dialect.ts';
import { interleavedAmong, type LoopDetectionSettings, roundsKept } from '../settings/loop-detection.ts';
import { type Config, policiesFor } from './config.ts';
import { valueAt } from './config-tree.ts';
import type { Finding, Path } from './problem.ts';

/** The settings of one agent on one route. */
interface Use {
  readonly policy: string | undefined;
  readonly agent: string;
  readonly loops: LoopDetectionSettings;
  readonly dialect: DialectName | 'auto';
}

/** By the key that they are about. */
type Said = ReadonlyMap<string, string>;

/**
 * What settings of loop detection say in vain: keys as they stand in `root`, the configuration as it was written, that change
 * nothing on any route and for any agent that they hold for.
 */
export function inertLoops(config: Config, root: unknown): Finding[] {
  const agents = ['default', ...Object.keys(config.agents).filter((agent) => agent !== 'default')];
  const uses = config.routes.flatMap(({ policy, upstream }) =>
    agents.flatMap((agent): Use[] => {
      const { loopDetection: loops } = policiesFor(config, policy, agent);
      return loops ? [{ policy, agent, loops, dialect: config.upstreams[upstream]?.dialect ?? 'auto' }] : [];
    }),
  );
  const ofSets = Object.keys(config.policies).map((name) => ({
    path: ['policies', name],
    of: uses.filter(({ policy }) => policy === name),
  }));
  const ofAgents = Object.keys(config.agents).map((name) => ({ path: ['agents', name], of: uses.filter(({ agent }) => agent === name) }));
  return [...ofSets, ...ofAgents].flatMap(({ path, of }) => inAll(of.map(inVain), [...path, 'loopDetection'], root));
}

/** What holds for every use of the keys that stand below a path. */
function inAll([first, ...others]: readonly Said[], path: Path, root: unknown): Finding[] {
  return [...(first ?? [])].flatMap(([key, message]): Finding[] => {
    const place = [...path, ...key.split('.')];
    if (valueAt(root, place) === undefined || !others.every((said) => said.get(key) === message)) return [];
    return [{ path: place, at: 'key', message }];
  });
}

function inVain({ loops, dialect }: Use): Said {
  return new Map([...ofThresholds(loops), ...ofLimits(loops), ...(dialect === 'mcp' || dialect === 'http' ? ofTools(loops, dialect) : [])]);
}

type Messages = [key: string, message: string][];

function ofThresholds({ action, kinds }: LoopDetectionSettings): Messages {
  const found: Messages = [];
  for (const [kind, thresholds] of Object.entries(kinds)) {
    const { warn, act }: { warn: number; act?: number } = thresholds;
    const key = `kinds.${kind}`;
    if (act !== undefined && (act < warn || (act === warn && action !== 'warn'))) {
      found.push([`${key}.warn`, `is never reached: act comes first, at ${act}`]);
    } else if (act !== undefined && action === 'warn') {
      found.push([`${key}.act`, 'does nothing: action is warn, and the loop was told of before']);
    }
    const most = mostOf(kind);
    const unreachable = `is never reached: of a conversation ${most.of} are looked at`;
    if (warn > most.count) found.push([`${key}.warn`, unreachable]);
    if (act !== undefined && act > most.count) found.push([`${key}.act`, unreachable]);
  }
  const near = kinds['near-repeat'].act;
  if (action !== 'warn' && kinds.repeat.act > near) {
    found.push(['kinds.repeat.act', `is never reached: equal results are alike, and near-repeat is acted on from ${near}`]);
  }
  return found;
}

/** A period has two rounds at least. */
function mostOf(kind: string): { count: number; of: string } {
  if (kind === 'cycle') return { count: roundsKept / 2, of: `${roundsKept} rounds, so ${roundsKept / 2} periods at most,` };
  if (kind === 'interleaved') return { count: interleavedAmong, of: `the last ${interleavedAmong} rounds` };
  return { count: roundsKept, of: `the last ${roundsKept} rounds` };
}

function ofLimits({ window, caps, pollTools, exemptTools }: LoopDetectionSettings): Messages {
  const found: Messages = [];
  if (window === 0) found.push(['window', 'is 0: no two rounds belong together, so that hardly any loop is seen']);
  if (caps.wallTime === 0) found.push(['caps.wallTime', 'is 0: every conversation has come to it with its first request']);
  const both = pollTools.filter((tool) => exemptTools.includes(tool));
  if (both.length > 0) found.push(['pollTools', `names ${both.join(', ')} in vain: exemptTools leaves that out of account`]);
  return found;
}

/** Of calls of tools, where no model is asked for anything. */
function ofTools({ action }: LoopDetectionSettings, dialect: DialectName): Messages {
  const nothing = `does nothing: behind an upstream of dialect ${dialect} there are tools, and no model`;
  const ofModels = ['stream', 'kinds.monologue', 'kinds.storm', 'caps.tokens', 'caps.costUsd'];
  const found: Messages = ofModels.map((key) => [key, nothing]);
  if (action === 'nudge')
    found.push(['action', `comes to no more than warn: behind an upstream of dialect ${dialect} no model reads notes`]);
  return found;
}
