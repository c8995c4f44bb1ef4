const mask = '***';

/** Header fields, and keys of configurations, whose value nobody may read. */
const secretNames = [
  '(?:proxy-)?authorization',
  '(?:set-)?cookie',
  '(?:x-)?(?:goog-)?api[-_]?key',
  'x-amz-security-token',
  'sec-websocket-protocol',
  '(?:access|refresh|id|admin|auth)[-_]?token',
  'client[-_]?secret',
  'password',
].join('|');
const secretKey = new RegExp(`^(?:${secretNames}|token|secret)$`, 'i');

/** A field and its value inside a text, plain or as JSON. Nothing tells how long the value is: to the end of the line. */
const spoken = new RegExp(String.raw`\b(${secretNames})(\s*[:=]|\\*["']\s*[:=,])[^\n]+`, 'gi');
const userinfo = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#"'\\]*@/gi;
const query = /([?&;](?:[\w-]*(?:key|token|secret|signature|password)|auth|code|sig)=)[^&\s"'#\\]+/gi;
const scheme = /\b(bearer|basic|digest|negotiate)(\s+)[^\s"',;\\]+/gi;

/** Keys that their shape gives away: those of LLM providers, of GitHub, Slack and AWS, and JSON web tokens. */
const shapes = [
  String.raw`\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{6,}`,
  String.raw`\bAIza[\w-]{20,}`,
  String.raw`\b(?:gsk|xai|hf|ghp|gho|ghs|ghu|pplx|r8|glpat)[-_][\w-]{16,}`,
  String.raw`\bgithub_pat_\w{20,}`,
  String.raw`\bxox[a-z]-[\w-]{8,}`,
  String.raw`\bhooks\.slack\.com/services/[\w/]+`,
  String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{12,}`,
  String.raw`\bSignature=[0-9a-f]{16,}`,
  String.raw`\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?`,
].join('|');
const shaped = new RegExp(shapes, 'g');
const shapedOnce = new RegExp(shapes);

/** Without one of these, nothing but its shape gives a credential away. */
const introduction = /[\s:=,]/;

/** A text without what looks like a credential. Takes time in proportion to its length. */
export function redact(text: string): string {
  const introduced = introduction.test(text) ? redactIntroduced(text) : text;
  return introduced.replace(shaped, mask);
}

function redactIntroduced(text: string): string {
  return text.replace(spoken, `$1$2 ${mask}`).replace(userinfo, `$1${mask}@`).replace(query, `$1${mask}`).replace(scheme, `$1$2${mask}`);
}

/**
 * A copy of a JSON value whose texts have gone through `clean` and in which fields of secret names have no value, also
 * where names and values stand in one list, as raw headers do.
 */
export function redactValue(value: unknown, clean: (text: string) => string = redact): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) {
    return value.map((item, index) => (index > 0 && isSecretName(value[index - 1]) ? mask : redactValue(item, clean)));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), isSecretName(key) ? mask : redactValue(item, clean)]));
}

/** Whether a word has the shape of a key. */
export function containsSecret(word: string): boolean {
  return shapedOnce.test(word);
}

function isSecretName(name: unknown): boolean {
  return typeof name === 'string' && secretKey.test(name);
}
