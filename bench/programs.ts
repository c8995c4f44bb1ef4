import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders that hold the program: as the package and the container have it, and as a clone has it without a build. */
export interface Programs {
  readonly built: string;
  readonly unbuilt: string;
  remove(): void;
}

const root = join(import.meta.dirname, '..');
const shared = ['bin', 'config', 'docs', 'package.json'];

/** Builds the program and copies it, so that nothing that changes in the clone during a run changes what is measured. */
export function layOutPrograms(): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-programs-'));
  const [built, unbuilt] = [layOut(join(folder, 'built')), layOut(join(folder, 'unbuilt'))];
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(built, 'dist')], {
    stdio: 'inherit',
  });
  cpSync(join(root, 'src'), join(unbuilt, 'src'), { recursive: true });
  return { built, unbuilt, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function layOut(folder: string): string {
  mkdirSync(folder);
  for (const name of shared) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
