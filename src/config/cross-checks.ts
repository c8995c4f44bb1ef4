import { address, isLoopback, splitAddress } from '../settings/address.ts';
import { agreementFindings } from './agreement.ts';
import { alertChecks } from './alert-checks.ts';
import { entriesAt, isMapping, type LineOf, valueAt } from './config-tree.ts';
import { fallbackChecks, fallbackUpstreamPaths } from './fallback-checks.ts';
import { type Finding, formatPath, type Path } from './problem.ts';
import { didYouMean } from './suggest.ts';

/** What single values cannot know: names that lead nowhere, things that are there twice, an admin port open to all. Takes any value. */
export function crossChecks(root: unknown, lineOf: LineOf): Finding[] {
  return [
    ...routeFindings(root, lineOf),
    ...fallbackUpstreamPaths(root).flatMap((path) => nameFindings(root, path, 'upstreams')),
    ...fallbackChecks(root).filter(({ rejects }) => rejects),
    ...keyFindings(root),
    ...addressFindings(root),
    ...agreementFindings(root, lineOf),
    ...alertChecks(root),
  ];
}

function routeFindings(root: unknown, lineOf: LineOf): Finding[] {
  const routes = valueAt(root, ['routes']);
  const firsts = new Map<unknown, Path>();
  return (Array.isArray(routes) ? routes : []).flatMap((route: unknown, index) => {
    if (!isMapping(route)) return [];
    const at: Path = ['routes', index];
    const findings = [...nameFindings(root, [...at, 'upstream'], 'upstreams'), ...nameFindings(root, [...at, 'policy'], 'policies')];
    const { path } = route;
    if (typeof path !== 'string') return findings;
    const first = firsts.get(path);
    if (first)
      findings.push({ path: [...at, 'path'], at: 'value', message: `${formatPath(first)} has this path already${inLine(lineOf(first))}` });
    else firsts.set(path, at);
    if (path.startsWith('/@')) {
      findings.push({ path: [...at, 'path'], at: 'value', message: 'a first segment with @ names an agent, so this path can never match' });
    }
    return findings;
  });
}

/** A value that must be the name of something in `section`. */
function nameFindings(root: unknown, path: Path, section: 'upstreams' | 'policies'): Finding[] {
  const name = valueAt(root, path);
  const names = entriesAt(root, section).map(([known]) => known);
  if (typeof name !== 'string' || names.includes(name)) return [];
  const what = section === 'upstreams' ? 'upstream' : 'policy set';
  const known = names.length === 0 ? `; there are no ${section}` : `; there are ${names.slice(0, 20).join(', ')}`;
  return [{ path, at: 'value', message: `there is no ${what} of this name${didYouMean(name, names) || known}` }];
}

/** A credential names one agent. The message tells who else has it, not what it is. */
function keyFindings(root: unknown): Finding[] {
  const owners = new Map<unknown, string>();
  return entriesAt(root, 'agents').flatMap(([agent, settings]) => {
    const keys = valueAt(settings, ['keys']);
    return (Array.isArray(keys) ? keys : []).flatMap((key: unknown, index): Finding[] => {
      const owner = owners.get(key);
      owners.set(key, owner ?? agent);
      if (owner === undefined || typeof key !== 'string' || key === '') return [];
      return [{ path: ['agents', agent, 'keys', index], at: 'value', message: `the agent ${owner} has this key already` }];
    });
  });
}

function addressFindings(root: unknown): Finding[] {
  const written = valueAt(root, ['listen']);
  const proxy = isMapping(written) ? written['address'] : (written ?? '127.0.0.1:4141');
  const admin = valueAt(root, ['admin', 'listen']) ?? '127.0.0.1:4142';
  if (typeof admin !== 'string' || !address.safeParse(admin).success) return [];
  const { host, port } = splitAddress(admin);
  const findings: Finding[] = [];
  const path = ['admin', 'listen'];
  if (!isLoopback(host) && (valueAt(root, ['admin', 'token']) ?? '') === '') {
    const message = 'an admin port that others can reach needs a token: set admin.token, or listen on 127.0.0.1';
    findings.push({ path, at: 'value', message });
  }
  if (typeof proxy === 'string' && address.safeParse(proxy).success) {
    const other = splitAddress(proxy);
    const same = other.host === host || isWildcard(other.host) || isWildcard(host);
    if (same && port !== 0 && other.port === port)
      findings.push({ path, at: 'value', message: 'this is the address of the proxy port; the admin port needs its own' });
  }
  return findings;
}

/** Whether a host stands for every address of the machine. */
function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function inLine(line: number | undefined): string {
  return line === undefined ? '' : ` (line ${line})`;
}
