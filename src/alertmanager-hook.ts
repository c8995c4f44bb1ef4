import { AdminError } from './admin/admin-error.ts';
import { type AdminRoute, json } from './admin/route.ts';
import { observeAlertmanager } from './alerts/alertmanager.ts';
import type { ActiveAlerts } from './alerts-of.ts';

/** A group of many alerts comes in one piece. */
const limitBytes = 4 * 1024 * 1024;

/** `POST /hooks/alertmanager`: alerts of Prometheus become incidents like those of our own rules. `active` is undefined where no alerts are configured. */
export function alertmanagerHook(active: () => ActiveAlerts | undefined): AdminRoute {
  return {
    method: 'POST',
    path: '/hooks/alertmanager',
    limitBytes,
    handle({ body }) {
      const alerts = active();
      if (!alerts) throw new AdminError('not_found', 'no alerts are configured');
      const observations = observeAlertmanager(body);
      if (!observations) throw new AdminError('bad_request', "expected what Alertmanager posts to a webhook: version '4' and alerts");
      for (const observation of observations) alerts.engine.observe(observation);
      return json({ alerts: observations.length });
    },
  };
}
