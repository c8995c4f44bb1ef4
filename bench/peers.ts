import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'peers');

/** Portkey's gateway, as its package starts it. */
export const portkeyScript = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');

/** Installs the other gateways where they are not, or not as `peers/package-lock.json` has them. Throws where the registry is out of reach. */
export function installPeers(): void {
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs) return;
  console.error('installing the other gateways into bench/peers/node_modules');
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  } catch (cause) {
    throw new Error('the other gateways could not be installed; leave them out with --proxies', { cause });
  }
}
