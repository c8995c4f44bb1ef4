import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { run } from '../e2e/program.ts';

const step = (action: string, result: string, reward: number) => ({ action, result, reward });
const looping = (label: string, later: number) => ({
  id: `looping-${label}`,
  source: 'test',
  model: 'none',
  steps: [...Array.from({ length: 5 }, () => step('ls', 'nothing', 0)), step('pwd', '/', later)],
  mech_label: { label, kind: label === 'loop' ? 'repeat' : null, start: label === 'loop' ? 0 : null, len: 5 },
});
const working = {
  id: 'working',
  source: 'test',
  model: 'none',
  steps: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => step(`cat ${name}`, `this is ${name}`, 0)),
  mech_label: { label: 'clean', kind: null, start: null, len: 1 },
};

async function evaluate(runs: readonly object[]) {
  const directory = await mkdtemp(join(tmpdir(), 'outrigger-eval-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'runs.jsonl'), runs.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return run('node', ['eval/loops.ts', '--verbose', directory]);
}

describe('the evaluation of loop detection', () => {
  test('counts right pauses in each format', async () => {
    const { code, stdout } = await evaluate([looping('loop', 0), working]);
    expect(code).toBe(0);
    for (const format of ['openai-chat', 'openai-responses', 'anthropic', 'text in chats']) {
      const [, table] = stdout.split(`### ${format}: all`);
      expect(table).toContain('| clean | 1 | 1 | 0 | 0 |');
      expect(table).toContain('| loop | 1 | 0 | 0 | 1 |');
      expect(table).toContain('loops acted on in time: 1 of 1 (100.0 %); rounds from start to action: median 4, most 4');
      expect(table).toContain('pauses followed by a better reward: 0 of 1');
    }
  });

  test('counts and names a clean run that is paused, and a pause that a better reward follows', async () => {
    const { stdout } = await evaluate([looping('clean', 1)]);
    expect(stdout).toContain('| clean | 1 | 0 | 0 | 1 |');
    expect(stdout).toContain('pauses followed by a better reward: 1 of 1');
    expect(stdout).toContain('looping-clean: clean, paused at step 3 for repeat');
  });

  test('says where a line is no run, and that a directory has none', async () => {
    const broken = await evaluate([{ id: 'x' }]);
    expect([broken.code, broken.stderr.includes('runs.jsonl:1: no run of an agent')]).toEqual([1, true]);
    expect(await evaluate([])).toMatchObject({ code: 1, stderr: expect.stringContaining('there are no runs in') as string });
  });
});
