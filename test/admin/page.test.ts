import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { pageScript } from '../../src/admin/page.ts';

/** As much of a document as the script touches: nodes that hold nodes and texts. */
class FakeElement {
  readonly name: string;
  readonly dataset: Record<string, string>;
  className = '';
  children: (FakeElement | string)[] = [];

  constructor(name: string, dataset: Record<string, string> = {}) {
    this.name = name;
    this.dataset = dataset;
  }

  append(...children: (FakeElement | string)[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: (FakeElement | string)[]): void {
    this.children = children;
  }

  set textContent(text: string) {
    this.children = [text];
  }

  get textContent(): string {
    return this.children.map((child) => (typeof child === 'string' ? child : child.textContent)).join(' ');
  }

  names(): string[] {
    return this.children.flatMap((child) => (typeof child === 'string' ? [] : [child.name, ...child.names()]));
  }
}

test('the page shows what the API says as text, whatever stands in it', async () => {
  const ready = new FakeElement('span');
  const section = new FakeElement('div', { source: '/api/upstreams' });
  const answers: Record<string, unknown> = {
    '/readyz': { ready: false, reason: '<b>draining</b>' },
    '/api/upstreams': [{ name: '<img src=x onerror=alert(1)>', circuit: null, models: [] }],
  };
  const asked: string[] = [];
  runInContext(
    pageScript,
    createContext({
      document: {
        hidden: false,
        getElementById: () => ready,
        querySelectorAll: () => [section],
        createElement: (name: string) => new FakeElement(name),
        addEventListener: () => {},
      },
      fetch: (path: string) => {
        asked.push(path);
        return Promise.resolve({ json: () => Promise.resolve(answers[path]) });
      },
      setInterval: () => 0,
    }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual(['/readyz', '/api/upstreams']);
  expect([ready.textContent, ready.className]).toEqual(['<b>draining</b>', 'bad']);
  expect(section.textContent).toBe('0 name <img src=x onerror=alert(1)> circuit null models none');
  expect(new Set(section.names())).toEqual(new Set(['table', 'tr', 'th', 'td', 'code']));
});

test('the script of the page knows no way to make markup of text', () => {
  expect(pageScript).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function\(/);
});
