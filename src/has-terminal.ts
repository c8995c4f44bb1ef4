import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const standardInput = 0;

/** Whether the process is run from a terminal that is there; under nohup or a supervisor it is not. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return isatty(standardInput);
  } catch {
    return false;
  }
}
