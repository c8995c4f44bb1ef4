import { maskSecrets } from './mask-secrets.ts';
import { pageHtml, pageScript, pageStyle } from './page.ts';
import { type AdminAnswer, type AdminRequest, type AdminRoute, json } from './route.ts';
import type { AdminSources } from './sources.ts';

/** What every sidecar shows. */
export function adminRoutes(sources: AdminSources): AdminRoute[] {
  return [
    get('/', () => ({ status: 200, type: 'text/html; charset=utf-8', text: pageHtml })),
    get('/page.js', () => ({ status: 200, type: 'text/javascript; charset=utf-8', text: pageScript })),
    get('/page.css', () => ({ status: 200, type: 'text/css; charset=utf-8', text: pageStyle })),
    get('/healthz', () => json({ alive: true })),
    get('/readyz', ({ query }) => {
      const { ready, reason } = sources.ready();
      const more = query.has('verbose') ? { health: sources.health() } : {};
      return json({ ready, reason, ...more }, ready ? 200 : 503);
    }),
    get('/api/health', () => json(sources.health())),
    get('/metrics', async () => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text: await sources.metrics() })),
    get('/api/upstreams', () => json(sources.upstreams())),
    get('/api/policies', () => json(sources.policies())),
    get('/api/costs', () => json(sources.costs())),
    get('/api/config', () => json(maskSecrets(sources.config()))),
  ];
}

function get(path: string, handle: (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>): AdminRoute {
  return { method: 'GET', path, handle };
}
