/**
 * `npm run pictures`: draws the dashboards into docs/pictures, with what a real Prometheus has seen of the scenario that verify:dashboards runs.
 * Names of dashboards after it draw those alone.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { dashboards } from '../src/dashboards.ts';
import { withLiveScenario } from '../verify/live-scenario.ts';
import { needPrometheus } from '../verify/programs.ts';
import { drawDashboard } from './draw-dashboard.ts';
import { indexedPng } from './indexed-png.ts';

const folder = resolve(import.meta.dirname, '../../docs/pictures');
const wanted = process.argv.slice(2);

needPrometheus();
await withLiveScenario(
  (line) => console.log(line),
  async ({ prometheus, range }) => {
    for (const [file, create] of Object.entries(dashboards)) {
      const name = file.replace('.json', '');
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const svg = await drawDashboard(create(), prometheus, range);
      const { width, height, pixels } = new Resvg(svg, { font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' } }).render();
      const png = indexedPng(width, height, pixels);
      writeFileSync(resolve(folder, `${name}.png`), png);
      console.log(`${name}.png: ${Math.round(png.byteLength / 1024)} KB`);
    }
  },
);
