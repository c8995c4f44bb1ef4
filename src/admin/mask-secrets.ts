const mask = '***';

/** Keys whose whole value is hidden, lists and maps included. */
const secretKeys = /^(keys|tokens|secrets|passwords|credentials)$|(authorization|cookie|token|secret|password|key)$/i;
const secretWords = /\b(?:sk|pk|rk)[-_][\w-]{6,}|\b(?:Bearer|Basic)\s+\S+|\bhooks\.slack\.com\/services\/\S+/gi;

/**
 * A copy of a configuration in which whatever looks like a secret is `***`, also credentials and queries in URLs. A second
 * net: who hands the configuration over knows better which values are secret.
 */
export function maskSecrets(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, secretKeys.test(key) ? hide(item) : maskSecrets(item)]));
}

/** Keeps the shape, and numbers such as limits, so that a reader sees what is set. */
function hide(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hide);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item)]));
  return typeof value === 'string' ? mask : value;
}

function maskText(text: string): string {
  return text
    .replace(/^([a-z][a-z0-9+.-]{0,20}:\/\/)[^/?#]*@/i, `$1${mask}@`)
    .replace(/^([a-z][a-z0-9+.-]{0,20}:\/\/[^?]*\?).+$/i, `$1${mask}`)
    .replace(secretWords, mask);
}
