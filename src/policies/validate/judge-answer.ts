import type { Demand, SaidChoice } from '../../core/content.ts';
import type { Fault } from './faults.ts';
import { checkSchema } from './json-schema.ts';
import type { SchemaObstacle } from './plain-schema.ts';

/** Which checks are made. */
export interface Checks {
  readonly nonEmpty: boolean;
  readonly json: boolean;
  readonly schema: boolean;
}

/** A fault with the keyword that was not met, or why a schema was skipped; an empty object where all is well. */
export interface Judged {
  readonly fault?: Fault;
  readonly keyword?: string;
  readonly skipped?: SchemaObstacle;
}

/** Of what was said, so much is kept for a note, in chars. */
const excerptLength = 2000;

/** Whether there is anything to be checked beside that the answer is not empty. */
export function asksForMore({ json, tools }: Demand, checks: Checks): boolean {
  return (json && (checks.json || checks.schema)) || (tools.size > 0 && checks.schema);
}

/** Holds what was said against what was asked for. The first fault of the first choice that has one counts. */
export function judgeAnswer(choices: readonly SaidChoice[], demand: Demand, checks: Checks): Judged {
  let skipped: SchemaObstacle | undefined;
  if (choices.length === 0) return checks.nonEmpty ? { fault: { result: 'empty', excerpt: '' } } : {};
  for (const choice of choices) {
    const judged = judgeChoice(choice, demand, checks);
    if (judged.fault) return judged;
    skipped ??= judged.skipped;
  }
  return skipped ? { skipped } : {};
}

function judgeChoice(choice: SaidChoice, demand: Demand, checks: Checks): Judged {
  const { text, calls, other, cut } = choice;
  const isEmpty = text.trim() === '' && calls.length === 0 && !other;
  if (isEmpty) return checks.nonEmpty ? { fault: { result: 'empty', excerpt: '' } } : {};
  if (checks.schema && calls.length > 0) return judgeCalls(choice, demand);
  // A refusal and the like stand in for what was asked for; a call of a tool leaves the answer for later.
  if (!demand.json || other || calls.length > 0) return {};
  return judgeText(text, cut, demand, checks);
}

function judgeText(text: string, cut: boolean, demand: Demand, checks: Checks): Judged {
  if (!checks.json && !checks.schema) return {};
  const excerpt = text.slice(0, excerptLength);
  const value = parsed(text);
  if (value === undefined) {
    if (cut) return { fault: { result: 'cut', excerpt } };
    return checks.json ? { fault: { result: 'json', excerpt } } : {};
  }
  if (!checks.schema || demand.schema === undefined || demand.schema === null) return {};
  const found = checkSchema(demand.schema, value);
  if (found.kind === 'skipped') return { skipped: found.why };
  return found.kind === 'ok' ? {} : { fault: { result: 'schema', message: found.message, excerpt }, keyword: found.keyword };
}

/** Tools that the request does not name are not the caller's: nothing is known of them. */
function judgeCalls({ calls, cut }: SaidChoice, { tools }: Demand): Judged {
  let skipped: SchemaObstacle | undefined;
  for (const { tool, arguments: value } of calls) {
    if (value === undefined) return { fault: { result: cut ? 'cut' : 'arguments', tool, excerpt: '' } };
    const schema = tools.get(tool);
    if (schema === undefined || schema === null) continue;
    const found = checkSchema(schema, value);
    if (found.kind === 'skipped') skipped ??= found.why;
    else if (found.kind === 'unmet') {
      const excerpt = JSON.stringify(value).slice(0, excerptLength);
      return { fault: { result: 'arguments', tool, message: found.message, excerpt }, keyword: found.keyword };
    }
  }
  return skipped ? { skipped } : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
