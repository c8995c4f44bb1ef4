import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type CertificateName =
  /** The authority that the tests trust, and one that they do not. */
  | 'authority'
  | 'stranger'
  /** For 127.0.0.1, localhost and api.test.invalid, signed by the authority. */
  | 'server'
  | 'other-host'
  | 'expired'
  | 'unknown-authority'
  | 'self-signed'
  | 'client'
  | 'stranger-client';

/** Path of a committed certificate; `certificates/make` says how they were made. */
export function certificateFile(name: CertificateName | 'key'): string {
  return join(import.meta.dirname, 'certificates', `${name}.pem`);
}

/** Certificate and key as PEM texts. */
export function pair(name: CertificateName): { cert: string; key: string } {
  return { cert: readFileSync(certificateFile(name), 'utf8'), key: readFileSync(certificateFile('key'), 'utf8') };
}

/** The certificate of the authority that the tests trust. */
export const authority = pair('authority').cert;

/** Settings of an upstream that trust it, too. */
export const trusting = { ca: certificateFile('authority') };
