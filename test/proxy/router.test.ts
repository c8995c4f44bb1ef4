import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Router } from '../../src/proxy/router.ts';

const router = new Router([
  { path: '/openai', route: 'openai' },
  { path: '/openai/beta', route: 'beta' },
  { path: '/tools', route: 'tools' },
]);
const everything = new Router([{ path: '/', route: 'all' }]);

describe('the router', () => {
  it.each([
    ['/openai/v1/chat', 'openai', '/v1/chat'],
    ['/openai', 'openai', '/'],
    ['/openai?x=1', 'openai', '/?x=1'],
    ['/openai/beta/x', 'beta', '/x'],
    ['/openai/betamax', 'openai', '/betamax'],
    ['/openai//v1', 'openai', '//v1'],
    ['/openai/a%2Fb//c/./../d?x=[1]&y=%zz;|', 'openai', '/a%2Fb//c/./../d?x=[1]&y=%zz;|'],
  ])('sends %s to %s as %s', (path, route, rest) => {
    expect(router.match(path)).toEqual({ route, rest });
  });

  it.each(['/', '/openaix', '/OPENAI', '/other', '*'])('has no route for %s', (path) => {
    expect(router.match(path)).toBe('none');
  });

  it.each([
    '/open%61i/v1',
    '/openai/../tools/x',
    '/x/../openai',
    '/openai\\..\\..\\tools',
    '//openai/v1',
    '/./openai',
    '/openai/%2e%2e/tools',
  ])('calls %s ambiguous, because another reader would take it elsewhere', (path) => {
    expect(router.match(path)).toBe('ambiguous');
  });

  it('finds the longest prefix that ends where a segment does, of any routes', () => {
    const path = fc.string({ unit: fc.constantFrom('/', 'a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(fc.uniqueArray(path.filter((text) => text === '' || /^\/.*[^/]$/.test(text))), path, (prefixes, target) => {
        const routes = prefixes.map((prefix) => ({ path: prefix === '' ? '/' : prefix, route: prefix }));
        const fitting = prefixes.filter((prefix) => target === prefix || target.startsWith(`${prefix}/`));
        const longest = fitting.toSorted((a, b) => b.length - a.length)[0];
        const found = new Router(routes).match(target);
        if (!target.includes('//')) expect(typeof found === 'string' ? undefined : found.route).toBe(longest);
      }),
    );
  });

  it('passes every path through a route for everything, unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'e', 'E', '5', 'c', 'a', 'b', '?', '&', '=', '\\') }), (text) => {
        const path = `/${text}`;
        expect(everything.match(path)).toEqual({ route: 'all', rest: path });
      }),
    );
  });

  it('never changes what is behind the prefix', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'f', 'a', 'b', '?') }), (text) => {
        const found = router.match(`/tools/${text}`);
        if (typeof found === 'object') expect(found).toEqual({ route: 'tools', rest: `/${text}` });
      }),
    );
  });
});
