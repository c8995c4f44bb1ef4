/** The page at `/`: a frame of plain HTML that its script fills with what the API says, as text and nothing else. */
export const pageHtml = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outrigger</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
<h1>Outrigger <span id="ready" role="status">…</span></h1>
<nav>
  <a href="/metrics">metrics</a> <a href="/healthz">healthz</a> <a href="/readyz">readyz</a>
  <a href="/api/health">health</a> <a href="/api/upstreams">upstreams</a> <a href="/api/policies">policies</a> <a href="/api/agents">agents</a>
  <a href="/api/incidents">incidents</a> <a href="/api/costs">costs</a> <a href="/api/config">config</a>
</nav>
<section><h2>Health</h2><div data-source="/api/health"></div></section>
<section><h2>Upstreams</h2><div data-source="/api/upstreams"></div></section>
<section><h2>Policies</h2><div data-source="/api/policies"></div></section>
<noscript>What stands here comes by script; the links above show the same.</noscript>
</html>
`;

/** Reads the API every few seconds while the page is in sight. */
export const pageScript = `'use strict';
const ready = document.getElementById('ready');
const sections = [...document.querySelectorAll('[data-source]')];

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

function show(value) {
  if (value === null || typeof value !== 'object') return element('code', String(value));
  const entries = Object.entries(value);
  if (entries.length === 0) return element('code', Array.isArray(value) ? 'none' : '–');
  const rows = entries.map(([key, item]) => element('tr', element('th', key), element('td', show(item))));
  return element('table', ...rows);
}

async function refresh() {
  if (document.hidden) return;
  try {
    const state = await (await fetch('/readyz')).json();
    ready.textContent = state.ready ? 'ready' : state.reason;
    ready.className = state.ready ? 'good' : 'bad';
  } catch {
    ready.textContent = 'out of reach';
    ready.className = 'bad';
  }
  for (const section of sections) {
    try {
      const response = await fetch(section.dataset.source);
      section.replaceChildren(show(await response.json()));
    } catch (error) {
      section.replaceChildren(element('code', String(error)));
    }
  }
}

refresh();
setInterval(refresh, 3000);
document.addEventListener('visibilitychange', refresh);
`;

export const pageStyle = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
nav a { margin-right: 1rem; }
table { border-collapse: collapse; }
th { text-align: left; vertical-align: top; padding: 0.1rem 1rem 0.1rem 0; font-weight: 500; }
#ready { font-size: 1rem; padding: 0.1rem 0.6rem; border-radius: 1rem; border: 1px solid; }
.good { color: #1a7f37; }
.bad { color: #cf222e; }
`;
