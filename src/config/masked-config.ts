import { isCredentialName } from './credential-name.ts';
import type { LoadedConfig } from './load.ts';
import { pathKey } from './problem.ts';

const mask = '***';
type Steps = readonly string[];

/**
 * The configuration in force, to be shown: what came from the environment or from files of their own, keys, tokens,
 * headers that carry credentials and user names in URLs read `***`.
 */
export function maskedConfig({ config, foreign }: Pick<LoadedConfig, 'config' | 'foreign'>): unknown {
  // Whether something is foreign is asked by its place in the file, where a list index is a number.
  const places = new Set([...foreign].map((key) => pathKey((JSON.parse(key) as unknown[]).map(String))));
  return maskValue(config, [], (path) => writtenAt(path).some((place) => isWithin(place, places)));
}

function maskValue(value: unknown, path: Steps, isForeign: (path: Steps) => boolean): unknown {
  if (value === undefined) return undefined;
  if (isSecret(path) || isForeign(path)) return mask;
  if (Array.isArray(value)) return value.map((item: unknown, index) => maskValue(item, [...path, String(index)], isForeign));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskValue(inner, [...path, key], isForeign)]));
  }
  return typeof value === 'string' ? value.replace(/(\/\/)[^/@\s]+@/g, `$1${mask}@`) : value;
}

function isSecret(path: Steps): boolean {
  const [section, , third, fourth] = path;
  if (section === 'admin') return path[1] === 'token';
  if (section === 'alerts') return isSecretOfChannel(path);
  if (section === 'agents') return third === 'keys' && fourth !== undefined;
  return section === 'upstreams' && third === 'headers' && fourth !== undefined && isCredentialName(fourth);
}

/** The URL of a webhook is its password, as is what stands in that of a mail server. */
function isSecretOfChannel([, list, , kind, key = '']: Steps): boolean {
  return list === 'channels' && ((key === 'url' && kind !== 'email') || key === 'password' || /secret$/i.test(key));
}

/** Where in the file a value of the configuration in force may come from. */
function writtenAt(path: Steps): Steps[] {
  const [section, agent = '', part, ...rest] = path;
  if (section !== 'agents') return [path];
  if (part === 'alone') return [['agents', agent, ...rest]];
  if (part !== 'merged') return [path];
  const [set = '', ...below] = rest;
  return [
    ['agents', agent, ...below],
    ['policies', set, ...below],
  ];
}

function isWithin(path: Steps, places: ReadonlySet<string>): boolean {
  return places.has(pathKey(path));
}
