/** `npm run rules`: writes the rules of grafana/alerts anew. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ruleFiles } from './rule-files.ts';
import { readSlo } from './slo-settings.ts';

const folder = resolve(import.meta.dirname, '../alerts');
for (const [name, text] of Object.entries(ruleFiles(readSlo()))) writeFileSync(resolve(folder, name), text);
