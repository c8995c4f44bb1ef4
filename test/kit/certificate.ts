import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

export interface Certificate {
  /** PEM texts. */
  cert: string;
  key: string;
  /** Path of `cert`, for settings that take a file. */
  certFile: string;
}

/** A self-signed certificate for 127.0.0.1 and localhost, or for another name; made by openssl, gone with the test. */
export async function certificate(subject = 'IP:127.0.0.1,DNS:localhost', days = 1): Promise<Certificate> {
  const directory = await mkdtemp(join(tmpdir(), 'outrigger-certificate-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const certFile = join(directory, 'cert.pem');
  const keyFile = join(directory, 'key.pem');
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=outrigger-test'],
    ...['-addext', `subjectAltName=${subject}`, '-days', String(days), '-keyout', keyFile, '-out', certFile],
  ]);
  return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8'), certFile };
}
