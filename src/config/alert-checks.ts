import { entriesAt, isMapping, valueAt } from './config-tree.ts';
import type { Finding, Path } from './problem.ts';
import { didYouMean } from './suggest.ts';

/** Channels that rules and the escalation send to and that there are not, and rules that tell nobody. Takes any value. */
export function alertChecks(root: unknown): Finding[] {
  const alerts = valueAt(root, ['alerts']);
  const channels = entriesAt(alerts, 'channels').map(([name]) => name);
  const escalation = listAt(alerts, 'escalation');
  const findings = [...sendFindings('escalation', escalation, channels), ...sendFindings('rules', listAt(alerts, 'rules'), channels)];
  if (escalation.length > 0) return findings;
  for (const [index, rule] of listAt(alerts, 'rules').entries()) {
    const send = valueAt(rule, ['send']);
    if (!isMapping(rule) || (Array.isArray(send) ? send.length > 0 : send !== undefined)) continue;
    findings.push({ path: ['alerts', 'rules', index], at: 'key', message: 'tells nobody: give it send, or the alerts an escalation' });
  }
  return findings;
}

/** What is valid and tells nobody anything. */
export function inertAlerts(
  alerts: { readonly channels: object; readonly rules: readonly { readonly on: string }[] } | undefined,
): Finding[] {
  if (!alerts) return [];
  if (alerts.rules.length === 0)
    return [{ path: ['alerts'], at: 'key', message: 'has no rules, so nobody is told anything but what Alertmanager posts' }];
  return [];
}

function sendFindings(section: string, entries: readonly unknown[], channels: readonly string[]): Finding[] {
  return entries.flatMap((entry, index) => {
    const send = valueAt(entry, ['send']);
    return (Array.isArray(send) ? send : []).flatMap((name: unknown, at): Finding[] => {
      if (typeof name !== 'string' || channels.includes(name)) return [];
      const known = channels.length === 0 ? '; there are no channels' : `; there are ${channels.join(', ')}`;
      const path: Path = ['alerts', section, index, 'send', at];
      return [{ path, at: 'value', message: `there is no channel of this name${didYouMean(name, channels) || known}` }];
    });
  });
}

function listAt(alerts: unknown, key: string): readonly unknown[] {
  const list = valueAt(alerts, [key]);
  return Array.isArray(list) ? list : [];
}
