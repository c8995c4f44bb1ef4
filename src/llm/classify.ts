import type { Verdict } from '../core/verdict.ts';
import type { ErrorFacts } from './error-facts.ts';

type ErrorVerdict = Exclude<Verdict, 'ok'>;

/** Statuses that do not mean what their hundred means. */
const byStatus: Readonly<Record<number, ErrorVerdict>> = {
  401: 'auth',
  402: 'quota-exhausted',
  403: 'auth',
  408: 'timeout',
  425: 'overloaded',
  429: 'rate-limited',
  503: 'overloaded',
  529: 'overloaded',
};

/** Codes that say precisely what went wrong, of every provider, in lower case. They win over the status. */
const codes: Readonly<Partial<Record<ErrorVerdict, readonly string[]>>> = {
  'rate-limited': [
    'rate_limit_exceeded',
    'rate_limit_error',
    'rate_limit_reached',
    'too_many_requests',
    'ramp_limit_exceeded',
    'resource_exhausted',
    'throttlingexception',
  ],
  'quota-exhausted': [
    'insufficient_quota',
    'billing_error',
    'billing_hard_limit_reached',
    'billing_not_active',
    'enforced_spend_limit_reached',
    'contract_spend_limit_reached',
    'linked_organization_spend_limit_reached',
    'linked_organization_billing_unavailable',
    'user_profile_not_billable',
    'daily_quota_exhausted',
    'quota_exhausted',
  ],
  overloaded: [
    'overloaded_error',
    'overloaded',
    'engine_overloaded',
    'server_overloaded',
    'slow_down',
    'service_unavailable',
    'unavailable',
    'cmek_key_unreachable',
    'cmek_context_unavailable',
    'compaction_unavailable',
  ],
  'context-length': ['context_length_exceeded', 'context_window_exceeded', 'model_context_window_exceeded', 'exceed_context_size_error'],
  'content-filter': [
    'content_filter',
    'content_policy_violation',
    'moderation_blocked',
    'responsibleaipolicyviolation',
    'invalid_prompt',
    'bio_policy',
    'misalignment_policy_violation',
    'image_content_policy_violation',
  ],
  'model-unavailable': [
    'model_not_found',
    'model_not_available',
    'model_not_supported',
    'model_decommissioned',
    'model_deprecated',
    'deploymentnotfound',
  ],
  auth: [
    'invalid_api_key',
    'api_key_invalid',
    'api_key_expired',
    'authentication_error',
    'permission_error',
    'unauthenticated',
    'permission_denied',
    'account_deactivated',
    'organization_on_hold',
    'unsupported_country_region_territory',
  ],
  'client-error': [
    'thread_not_found',
    'thread_already_continued',
    'thread_continue_in_flight',
    'thread_fingerprint_mismatch',
    'thread_unsupported_request',
  ],
};

/** Codes that name a family only: heard where no status says more, in the middle of an answer that began with 200. */
const broadCodes: Readonly<Record<string, ErrorVerdict>> = {
  invalid_request_error: 'client-error',
  request_too_large: 'client-error',
  not_found_error: 'client-error',
  conflict_error: 'client-error',
  invalid_argument: 'client-error',
  not_found: 'client-error',
  failed_precondition: 'client-error',
  previous_response_not_found: 'client-error',
  data_residency_mismatch: 'client-error',
  invalid_image: 'client-error',
  invalid_image_format: 'client-error',
  invalid_base64_image: 'client-error',
  invalid_image_url: 'client-error',
  invalid_image_mode: 'client-error',
  image_too_large: 'client-error',
  image_too_small: 'client-error',
  image_parse_error: 'client-error',
  image_file_too_large: 'client-error',
  image_file_not_found: 'client-error',
  unsupported_image_media_type: 'client-error',
  empty_image_file: 'client-error',
  failed_to_download_image: 'client-error',
  server_error: 'server-error',
  api_error: 'server-error',
  timeout_error: 'server-error',
  internal: 'server-error',
  deadline_exceeded: 'server-error',
};

/** Texts of providers that have no code for it; looked at only where no code above was given. */
const texts: readonly { readonly statuses: readonly number[]; readonly text: RegExp; readonly verdict: ErrorVerdict }[] = [
  { statuses: [400], text: /credit balance is too low/i, verdict: 'quota-exhausted' },
  {
    statuses: [400, 413, 422],
    text: /prompt is too long|maximum context length|context (length|window|size)|input is too long|exceeds the maximum number of tokens/i,
    verdict: 'context-length',
  },
  {
    statuses: [404, 400],
    text: /^model: |\bmodels?\b.{0,200}\b(not found|does not exist|is not supported|decommissioned)/i,
    verdict: 'model-unavailable',
  },
];

const verdictByCode: ReadonlyMap<string, ErrorVerdict> = new Map(
  Object.entries(codes).flatMap(([verdict, names]) => names.map((name) => [name, verdict as ErrorVerdict] as const)),
);

/** What a status says by itself. Below 400 all is well: what a redirect or a 304 means is between the two sides. */
export function verdictOfStatus(status: number): Verdict {
  if (status < 400) return 'ok';
  return byStatus[status] ?? (status >= 500 ? 'server-error' : 'client-error');
}

/**
 * What an error says: by its precise codes, else by the text of a provider that has none, else by the status of the
 * reply. An error inside a 200 has the status that it states itself, else its broad code counts, else it is the server's.
 */
export function verdictOfError(replyStatus: number, error: ErrorFacts): ErrorVerdict {
  for (const code of error.codes) {
    const verdict = verdictByCode.get(code);
    if (verdict) return verdict;
  }
  const stated = replyStatus >= 400 ? replyStatus : (error.status ?? 0);
  const broad = error.codes.map((code) => broadCodes[code]).find((verdict) => verdict !== undefined);
  if (stated < 500 && (stated >= 400 || broad === undefined || broad === 'client-error')) {
    const known = texts.find(({ statuses, text }) => (stated === 0 || statuses.includes(stated)) && text.test(error.message));
    if (known) return known.verdict;
  }
  const byStated = verdictOfStatus(stated);
  return byStated === 'ok' ? (broad ?? 'server-error') : byStated;
}
