import type { z } from 'zod';
import { type ConfigTree, isMapping, valueAt } from './config-tree.ts';
import { crossChecks } from './cross-checks.ts';
import { type Explained, explainIssue } from './explain-issue.ts';
import { type Finding, type Path, pathKey } from './problem.ts';
import { configSchema } from './schema.ts';

type Parsed = z.output<typeof configSchema>;
type Issues = readonly z.core.$ZodIssue[];

/** Holds a configuration against the schema, and its parts against each other. `parsed` is undefined if the schema does not hold. */
export function validate(tree: ConfigTree): { parsed: Parsed | undefined; findings: readonly Finding[] } {
  let result = configSchema.safeParse(tree.value);
  // What comes from the environment is text; where a number or a truth value is wanted, it is read as one.
  if (!result.success && readForeignValues(tree, result.error.issues)) result = configSchema.safeParse(tree.value);
  const findings = result.success ? [] : explainAll(result.error.issues, tree.value);
  for (const { path, isUnknownKey } of findings) if (isUnknownKey) hideTexts(tree, path);
  const cross = crossChecks(tree.value, (path) => tree.line(path));
  return {
    parsed: result.success ? result.data : undefined,
    findings: [...findings, ...cross].filter(({ path }) => !hasFailed(tree, path)),
  };
}

function readForeignValues(tree: ConfigTree, issues: Issues): boolean {
  let changed = false;
  for (const issue of issues) {
    const path = stepsOf(issue.path);
    const text = valueAt(tree.value, path);
    if (issue.code !== 'invalid_type' || typeof text !== 'string' || !tree.foreign.has(pathKey(path))) continue;
    const value = /^(number|int)$/.test(issue.expected) ? readNumber(text) : issue.expected === 'boolean' ? readTruth(text) : undefined;
    if (value === undefined) continue;
    setAt(tree.value, path, value);
    changed = true;
  }
  return changed;
}

function readNumber(text: string): number | undefined {
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function readTruth(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** One finding for each place. Of a number where a text must stand, what the schema would say of it as text: `5` → the units. */
function explainAll(issues: Issues, root: unknown): Explained[] {
  const findings = new Map<string, Explained>();
  for (const finding of issues.flatMap((issue) => explainIssue(issue, root))) {
    const key = pathKey(finding.path);
    if (!findings.has(key)) findings.set(key, finding);
  }
  const numbers = [...findings.values()].filter(({ wantsText }) => wantsText);
  if (numbers.length === 0) return [...findings.values()];
  const texts: unknown = structuredClone(root);
  for (const { path } of numbers) setAt(texts, path, String(valueAt(root, path)));
  const again = configSchema.safeParse(texts);
  const more = (again.error?.issues ?? []).flatMap((issue) => explainIssue(issue, texts));
  for (const finding of numbers) {
    const key = pathKey(finding.path);
    const message = more.find(({ path }) => pathKey(path) === key)?.message ?? `${finding.message}; put it in quotes`;
    findings.set(key, { ...finding, message });
  }
  return [...findings.values()];
}

function setAt(root: unknown, path: Path, value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (Array.isArray(parent)) parent[Number(last)] = value;
  else if (isMapping(parent)) parent[String(last)] = value;
}

/** A key that is not known may be a misspelled one for a secret. */
function hideTexts(tree: ConfigTree, path: Path): void {
  const value = valueAt(tree.value, path);
  if (typeof value === 'string' && value.length >= 8) tree.hide(path);
  if (Array.isArray(value)) for (const index of value.keys()) hideTexts(tree, [...path, index]);
  else if (isMapping(value)) for (const key of Object.keys(value)) hideTexts(tree, [...path, key]);
}

function hasFailed(tree: ConfigTree, path: Path): boolean {
  return path.some((_, index) => tree.failed.has(pathKey(path.slice(0, index + 1))));
}

function stepsOf(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}
