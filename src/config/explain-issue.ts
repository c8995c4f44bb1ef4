import type { z } from 'zod';
import { isMapping, valueAt } from './config-tree.ts';
import { knownKeys } from './known-keys.ts';
import type { Finding, Path } from './problem.ts';
import { didYouMean } from './suggest.ts';

type Issue = z.core.$ZodIssue;

export interface Explained extends Finding {
  /** A number or the like stands where a text must: with the text, there may be more to say. */
  readonly wantsText?: boolean;
  readonly isUnknownKey?: boolean;
}

/** What an issue of the schema means to the person who wrote the file: one finding for each key that it is about. No values are shown. */
export function explainIssue(issue: Issue, root: unknown): Explained[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const value = valueAt(root, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: unknownKey(path, key), isUnknownKey: true }));
  }
  if (issue.code === 'invalid_key') return [{ path, at: 'key', message: issue.issues.map(({ message }) => message).join('; ') }];
  if (issue.code === 'invalid_union') return unionFindings(issue, path, root);
  return [{ path, at: value === null ? 'key' : 'value', message: messageOf(issue, path, value), wantsText: wantsText(issue, value) }];
}

function wantsText(issue: Issue, value: unknown): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean');
}

function unknownKey(section: Path, key: string): string {
  const known = knownKeys(section);
  return `unknown key${didYouMean(key, known) || `; known here: ${known.join(', ')}`}`;
}

/** Of the branches of a union, the one that the value is nearest to: of its type, and with the fewest issues. */
function unionFindings(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path, root: unknown): Explained[] {
  const wrongType = (issues: readonly Issue[]) => issues.some(({ code, path: inner }) => code === 'invalid_type' && inner.length === 0);
  const branches = issue.errors.toSorted((a, b) => Number(wrongType(a)) - Number(wrongType(b)) || a.length - b.length);
  const nearest = branches[0] ?? [];
  return nearest.flatMap((inner) => explainIssue({ ...inner, path: [...path, ...inner.path] }, root));
}

function messageOf(issue: Issue, path: Path, value: unknown): string {
  if (issue.code === 'invalid_type') return wrongType(String(issue.expected), path, value);
  if (issue.code === 'invalid_value') {
    if (value === null) return withoutValue('a value', path);
    const options = issue.values.map(String);
    const hint = typeof value === 'string' ? didYouMean(value, options) : '';
    return hint === '' ? `expected ${options.length === 1 ? '' : 'one of '}${options.join(', ')}` : `no such value${hint}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
    const relation = issue.code === 'too_small' ? 'at least' : 'at most';
    // A message of the schema's own says more than the bound.
    if (!/^Too (small|big)/.test(issue.message)) return issue.message;
    if (issue.origin === 'array') return `expected ${relation} ${bound} entries`;
    return issue.origin === 'string' ? `expected ${relation} ${bound} characters` : `expected ${relation} ${bound}`;
  }
  return issue.message;
}

function wrongType(expected: string, path: Path, value: unknown): string {
  const wanted: Record<string, string> = {
    object: 'a mapping of keys to values',
    record: 'a mapping of names to values',
    array: 'a list',
    string: 'a text',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  const name = wanted[expected] ?? expected;
  if (value === undefined) return `${path.at(-1) ?? 'this'} is missing: expected ${name}`;
  if (value === null) return withoutValue(expected, path);
  return expected === 'int' && typeof value === 'number' ? `expected ${name}` : `expected ${name}, not ${typeName(value)}`;
}

/** `policies:` with nothing behind it: usually something was forgotten, and guessing what could switch policies on or off. */
function withoutValue(expected: string, path: Path): string {
  const key = String(path.at(-1) ?? 'this');
  if (expected === 'object') return `there is nothing behind "${key}:"; write "${key}: {}" for its defaults, or leave it out`;
  if (expected === 'record') return `there is nothing behind "${key}:"; write "${key}: {}" for none, or leave it out`;
  if (expected === 'array') return `there is nothing behind "${key}:"; write "${key}: []" for none, or leave it out`;
  return `there is nothing behind "${key}:"; give it a value or leave it out`;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? 'true or false' : `a ${typeof value}`;
}
