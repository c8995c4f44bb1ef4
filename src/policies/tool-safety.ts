import type { Call } from '../core/dialect.ts';
import { type ProxiedRequest, withChanges } from '../core/exchange.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import type { ToolRules } from '../settings/tool-rules.ts';
import { type KnownTools, knownToolsOf } from './known-tools.ts';

/**
 * Adds to the description of a tool's call whether it may be repeated: by a rule of the configuration, else by what the tool
 * has said of itself. What nothing is known of may not. Stands around all that sends a call again.
 */
export function createToolSafety(rules: ToolRules, upstream: string, { state }: Pick<PolicyContext, 'state'>): Policy {
  const tools = knownToolsOf(state, upstream);
  return {
    name: 'toolSafety',
    run(exchange, next) {
      if (!exchange.dialect.watchTools) return next(exchange);
      return next(withChanges(exchange, { request: judged(exchange.request, rules, tools) }));
    },
  };
}

function judged(request: ProxiedRequest, rules: ToolRules, tools: KnownTools): ProxiedRequest {
  let known: Call | undefined;
  const judge = (call: Call): Call => {
    known ??= isRepeatable(call, request, rules, tools) ? { ...call, repeatable: true } : call;
    return known;
  };
  return {
    ...request,
    get described() {
      return known ?? request.described;
    },
    call() {
      if (known) return known;
      const call = request.call();
      return call instanceof Promise ? call.then(judge) : judge(call);
    },
  };
}

function isRepeatable({ kind, tool }: Call, request: ProxiedRequest, rules: ToolRules, tools: KnownTools): boolean {
  if (kind !== 'tool' || tool === undefined) return false;
  const rule = Object.hasOwn(rules, tool) ? rules[tool] : undefined;
  return rule?.repeatable ?? tools.isRepeatable(request, tool);
}
