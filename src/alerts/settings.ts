import { z } from 'zod';
import { severities } from '../core/severity.ts';
import { instant } from '../settings/instant.ts';
import { count, duration, share } from '../settings/units.ts';
import { channelSettings } from './channels/settings.ts';
import { factsOf, type RuleEvent, ruleEvents } from './rule-events.ts';

const severity = z.enum(severities);
const ruleEvent = z.enum(Object.keys(ruleEvents) as [RuleEvent, ...RuleEvent[]]);

/** Also a label of metrics. */
const channelName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/, 'expected a name: a letter, then up to 63 letters, digits, ., _ or -');
const send = z.array(channelName);

const units = {
  share: { schema: share, expected: 'expected a share from 0% to 100%, such as 25%' },
  duration: { schema: duration, expected: 'expected a duration such as 5s' },
  dollars: { schema: z.number().positive(), expected: 'expected an amount of US dollars, such as 5' },
} as const;

const rule = z
  .strictObject({
    on: ruleEvent.describe('What the rule is on.'),
    above: z
      .union([z.string(), z.number()])
      .optional()
      .describe('error-rate: share of calls, such as 25%; latency: time to the head that more than 5% of calls exceed; cost: US dollars.'),
    for: duration.optional().describe('The window that is looked at; for a state, how long it must have lasted.'),
    minimum: count.optional().describe('Calls, or events, that the window must hold.'),
    severity: severity.optional().describe('Unset: medium, or what the alert of Prometheus says.'),
    send: send.default([]).describe('Channels that are told at once; see also escalation.'),
  })
  .superRefine(({ on, above, minimum, for: forMs }, context) => {
    const { above: unit, shape } = factsOf(on);
    const wrong = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (unit && above === undefined) context.addIssue({ code: 'custom', message: `a rule on ${on} needs above: ${units[unit].expected}` });
    if (unit && above !== undefined && !units[unit].schema.safeParse(above).success) wrong('above', units[unit].expected);
    if (!unit && above !== undefined) wrong('above', `a rule on ${on} counts events: it has no above; see minimum`);
    if (shape === 'state' && minimum !== undefined) wrong('minimum', `${on} is a state: it has no minimum; see for`);
    if (shape !== 'state' && forMs === 0) wrong('for', 'expected more than 0s');
  });

const level = z.strictObject({
  after: duration.describe('Since the first notice of the incident.'),
  send: send.min(1, 'expected at least one channel'),
  severity: severity.optional().describe('Only for incidents that are at least this bad by then.'),
});

const pattern = z.string().min(1).max(200);

/** What a silence is about: all that is named must match; `*` stands for any characters. */
export const matcher = z
  .strictObject({ on: pattern.optional(), upstream: pattern.optional(), agent: pattern.optional(), severity: severity.optional() })
  .refine((match) => Object.values(match).some((value) => value !== undefined), {
    error: 'expected at least one of on, upstream, agent and severity',
  });

const silence = z.strictObject({
  match: matcher.describe('What is not told.'),
  from: instant.optional(),
  until: instant.optional(),
  comment: z.string().max(500).optional(),
});

/** `alerts`: who is told of what, when and how. */
export const alertsSettings = z
  .strictObject({
    groupWait: duration.prefault('30s').describe('How long a new group of incidents is collected before it is told.'),
    groupInterval: duration.prefault('5m').describe('At least this long between two messages about a group.'),
    repeatInterval: duration.prefault('4h').describe('After this long, what still lasts and nobody has acknowledged is told again.'),
    channels: z.record(channelName, channelSettings).default({}).describe('Ways to reach people, by name.'),
    rules: z.array(rule).default([]).describe('What is told.'),
    escalation: z.array(level).max(10).default([]).describe('Who is told as well, the longer nobody acknowledges. In order of after.'),
    silences: z.array(silence).default([]).describe('What is not told, and when.'),
  })
  .superRefine(({ escalation, silences }, context) => {
    for (const [index, { after }] of escalation.entries()) {
      if (after >= (escalation[index - 1]?.after ?? 0)) continue;
      context.addIssue({ code: 'custom', path: ['escalation', index, 'after'], message: 'is before the level above it' });
    }
    for (const [index, { from, until }] of silences.entries()) {
      if (from === undefined || until === undefined || from < until) continue;
      context.addIssue({ code: 'custom', path: ['silences', index, 'until'], message: 'is not after from' });
    }
  });

export type AlertsSettings = z.output<typeof alertsSettings>;
export type RuleSettings = AlertsSettings['rules'][number];
export type Matcher = z.output<typeof matcher>;

/** The number that a rule is held against: a fraction of 1, milliseconds, US dollars. */
export function thresholdOf({ on, above }: RuleSettings): number | undefined {
  const { above: unit } = factsOf(on);
  return unit === undefined || above === undefined ? undefined : units[unit].schema.parse(above);
}
