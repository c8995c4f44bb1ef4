import { type DestinationStream, type Logger, pino } from 'pino';
import { redact, redactValue } from './redact.ts';
import type { TelemetrySettings } from './settings.ts';

export interface Log {
  readonly logger: Logger;
  /** Writes a line that another process has logged, given as JSON without the line break. */
  line(json: string): void;
  /** Writes out what is still held back; for the end of the process. */
  flush(): void;
  /** Lines that were dropped because whoever reads them was too slow. */
  dropped(): number;
}

/** What is held for a slow reader before lines are dropped: a log must not fill the memory. */
const heldBytes = 4 * 1024 * 1024;

/** A logger to standard output, or to a destination of one's own. No line of it holds a credential or steers a terminal. */
export async function createLog(settings: TelemetrySettings['log'], destination?: DestinationStream): Promise<Log> {
  const sink = destination ? undefined : pino.destination({ dest: 1, sync: false, maxLength: heldBytes });
  let dropped = 0;
  sink?.on('drop', () => {
    dropped += 1;
  });
  const out = destination ?? sink ?? process.stdout;
  const format = settings.format ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const lines = format === 'pretty' ? await pretty(out) : out;
  const logger = pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      hooks: { streamWrite: cleanLine },
    },
    lines,
  );
  return { logger, line: (json) => void lines.write(`${json}\n`), flush: () => sink?.flushSync(), dropped: () => dropped };
}

async function pretty(destination: DestinationStream): Promise<DestinationStream> {
  // Loaded only where a person reads along.
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    colorize: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    // A line break in a message could pass for a line of its own.
    messageFormat: (line, key) => String(line[key]).replaceAll('\n', ' '),
  });
  return { write: (line) => destination.write(format(line)) };
}

/** What a terminal would obey or show in another order: controls but tab and line break, and marks of direction. */
const controls = /[[\p{Cc}\p{Bidi_Control}]--[\n\t]]/gv;

function cleanLine(line: string): string {
  return `${JSON.stringify(redactValue(JSON.parse(line), (text) => redact(text).replace(controls, '\ufffd')))}\n`;
}
