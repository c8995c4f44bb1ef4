/** `npm run dashboards`: writes grafana/dashboards anew. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { dashboards, dashboardText } from './dashboards.ts';

const folder = resolve(import.meta.dirname, '../dashboards');
for (const [name, create] of Object.entries(dashboards)) writeFileSync(resolve(folder, name), dashboardText(create()));
