import { readFileSync } from 'node:fs';

/** The version of this package. */
export const version = readVersion();

function readVersion(): string {
  // The package file stands above src/ as well as above dist/.
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
