import { readFileSync } from 'node:fs';

/** What is read of Stryker's report. */
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
}

/** Tests failed, or never came to an end. */
const noticed: ReadonlySet<string> = new Set(['Killed', 'Timeout']);
/** A mutant that could not be run says nothing. */
const tried: ReadonlySet<string> = new Set([...noticed, 'Survived', 'NoCoverage']);

/** Prints a table by file, as Markdown, and returns how many of all mutants were noticed, in percent. */
export function printScores(reports: readonly string[]): number {
  const rows = reports.flatMap((path) => {
    const { files }: Report = JSON.parse(readFileSync(path, 'utf8'));
    return Object.entries(files).map(([file, { mutants }]) => ({ file, statuses: mutants.map(({ status }) => status) }));
  });
  console.log('\n| file | noticed | of | % |\n|---|---:|---:|---:|');
  for (const { file, statuses } of rows.toSorted((a, b) => (a.file < b.file ? -1 : 1))) console.log(rowOf(file, statuses));
  const all = rows.flatMap(({ statuses }) => statuses);
  console.log(rowOf('all', all));
  return percentOf(all);
}

function rowOf(file: string, statuses: readonly string[]): string {
  const counted = statuses.filter((status) => tried.has(status));
  return `| ${file} | ${countOf(counted)} | ${counted.length} | ${percentOf(counted).toFixed(1)} |`;
}

function percentOf(statuses: readonly string[]): number {
  const counted = statuses.filter((status) => tried.has(status));
  return counted.length === 0 ? 0 : (100 * countOf(counted)) / counted.length;
}

function countOf(statuses: readonly string[]): number {
  return statuses.filter((status) => noticed.has(status)).length;
}
