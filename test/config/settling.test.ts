import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absent, emptyDigest, type FilesRead } from '../../src/config/files-read.ts';
import { Settling } from '../../src/config/settling.ts';

const times = { settleMs: 200, goneMs: 2000 };

function files(content: string, secret = 's'): FilesRead {
  return new Map([
    ['/config', content],
    ['/secret', secret],
  ]);
}

describe('files that are watched', () => {
  it('have changed when they differ from what was read and have been at rest for a while', () => {
    const settling = new Settling(files('a'), times);
    expect(settling.see(files('a'), 0)).toBe('known');
    expect(settling.see(files('b'), 1000)).toBe('unsettled');
    expect(settling.see(files('b'), 1199)).toBe('unsettled');
    expect(settling.see(files('b'), 1200)).toBe('changed');
  });

  it('are not at rest while somebody writes to one of them', () => {
    const settling = new Settling(files('a'), times);
    expect(settling.see(files('half'), 0)).toBe('unsettled');
    expect(settling.see(files('whole'), 200)).toBe('unsettled');
    expect(settling.see(files('whole', 'other'), 400)).toBe('unsettled');
    expect(settling.see(files('whole', 'other'), 600)).toBe('changed');
  });

  it.each([absent, emptyDigest])('may be gone for a moment (%s)', (gone) => {
    const settling = new Settling(files('a'), times);
    for (let atMs = 0; atMs < times.goneMs; atMs += 100) expect(settling.see(files(gone), atMs)).toBe('unsettled');
    expect(settling.see(files('a'), times.goneMs)).toBe('known');
    expect(settling.see(files(gone), times.goneMs)).toBe('unsettled');
    expect(settling.see(files(gone), 2 * times.goneMs)).toBe('changed');
  });

  it('are compared with what was read last', () => {
    const settling = new Settling(files('a'), times);
    settling.see(files('b'), 0);
    settling.know(files('b'));
    expect(settling.see(files('b'), 200)).toBe('known');
    expect(settling.see(files('a'), 300)).toBe('unsettled');
    settling.know(new Map([['/other', 'x']]));
    expect(settling.paths).toEqual(['/other']);
  });

  it('are known as they are seen first where they could not be read', () => {
    const settling = new Settling(new Map([...files('a'), ['/secret', undefined]]), times);
    expect(settling.see(files('a', 'no file'), 0)).toBe('known');
    expect(settling.see(files('a', 'a file'), 100)).toBe('unsettled');
    expect(settling.see(files('a', 'a file'), 300)).toBe('changed');
  });

  it('have changed only if the same was seen all along for long enough, and always then', () => {
    const look = fc.record({ content: fc.constantFrom('a', 'b', 'c', absent), afterMs: fc.integer({ min: 1, max: 300 }) });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 40 }), (looks) => {
        const settling = new Settling(files('a'), times);
        let atMs = 0;
        let since = 0;
        let last = 'a';
        for (const { content, afterMs } of looks) {
          atMs += afterMs;
          if (content !== last) since = atMs;
          last = content;
          const restMs = content === absent ? times.goneMs : times.settleMs;
          const expected = content === 'a' ? 'known' : atMs - since >= restMs ? 'changed' : 'unsettled';
          expect(settling.see(files(content), atMs)).toBe(expected);
        }
      }),
    );
  });
});
