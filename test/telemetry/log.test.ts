import { describe, expect, test } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';
import { telemetrySettings } from '../../src/telemetry/settings.ts';

const settings = telemetrySettings.parse({}).log;

/** A log that keeps what was written. */
async function logFor(more: Partial<typeof settings> = {}) {
  const lines: string[] = [];
  const log = await createLog({ ...settings, format: 'json', ...more }, { write: (line) => lines.push(line) });
  return { ...log, lines };
}

describe('a line of JSON', () => {
  test('has its level in words, its time and its fields', async () => {
    const { logger, lines } = await logFor();
    logger.info({ id: 'x', ms: 12 }, 'exchange');
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ level: 'info', id: 'x', ms: 12, msg: 'exchange' });
    expect(Date.parse(line.time)).not.toBeNaN();
  });

  test('shows no credential, wherever it stood', async () => {
    const { logger, lines } = await logFor();
    const secret = new Error('https://user:canary@host/?key=canary said: Bearer canary', { cause: new Error('x-api-key: canary') });
    logger.error(
      { err: secret, headers: { authorization: 'canary' }, deep: { a: { b: { c: { cookie: 'canary' } } } } },
      'sk-canary0123456',
    );
    logger.child({ token: 'canary' }).warn('x');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).not.toContain('canary');
    expect(JSON.parse(lines[0]!).err.type).toBe('Error');
  });

  test('below the level is not written', async () => {
    const { logger, lines } = await logFor({ level: 'warn' });
    logger.info('not this');
    logger.warn('this');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['this']);
  });
});

describe('a pretty line', () => {
  test('can be read by a person', async () => {
    const { logger, lines } = await logFor({ format: 'pretty' });
    logger.warn({ upstream: 'openai' }, 'circuit');
    expect(lines.join('')).toMatch(/WARN.*circuit/);
    expect(lines.join('')).toContain('openai');
  });

  test('cannot steer the terminal or pass for another line', async () => {
    const { logger, lines } = await logFor({ format: 'pretty' });
    logger.warn({ agent: '\u001b[2Jx\u009b31m' }, 'a\nb\r\u001b]0;title\u0007 \u202egnp.exe \bc');
    const text = lines.join('');
    expect(text).toContain('a b');
    expect(text).not.toMatch(/[[\p{Cc}\p{Bidi_Control}]--\n]/v);
  });
});

test('a backslash and what follows it stays as it was', async () => {
  const { logger, lines } = await logFor();
  logger.info({ text: 'C:\\u001b \\n "quoted" é \u001b' }, 'x');
  expect(JSON.parse(lines[0]!).text).toBe('C:\\u001b \\n "quoted" é \ufffd');
});
