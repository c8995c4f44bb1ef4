import { describe, expect, it } from 'vitest';
import { ClientNames } from '../../src/agents/client-names.ts';
import { createIdentify } from '../../src/agents/identify.ts';
import { Principals } from '../../src/agents/principal.ts';

const principals = new Principals(() => Buffer.alloc(32, 1));
const clients = new ClientNames();
const identify = createIdentify(new Map([['planner', ['sk-planner', 'sk-second']]]), principals, clients);
const bearer = (key: string) => ['Authorization', `Bearer ${key}`];
const claudeCode = ['User-Agent', 'claude-cli/2.1.329 (external, sdk-cli)'];

describe('an agent is named', () => {
  it.each([
    ['by our header before all else', ['x-outrigger-agent', 'Coder ', ...bearer('sk-planner'), ...claudeCode], 'path', 'coder', 'header'],
    ['by the path before its key', bearer('sk-planner'), 'path', 'path', 'path'],
    ['by its key before its program', [...bearer('sk-planner'), ...claudeCode], undefined, 'planner', 'credential'],
    ['by any of its keys', ['X-Api-Key', 'sk-second'], undefined, 'planner', 'credential'],
    ['by its program', claudeCode, undefined, 'claude-code', 'client'],
    ['by what Codex calls itself', ['originator', 'codex_exec', 'User-Agent', 'node'], undefined, 'codex', 'client'],
    ['default where only a library is named', ['User-Agent', 'OpenAI/JS 7.55.0'], undefined, 'default', 'default'],
    ['default where our header holds no name', ['x-outrigger-agent', 'no name!'], undefined, 'default', 'default'],
  ])('%s', (_, headers, fromPath, name, source) => {
    expect(identify(headers, fromPath, undefined).agent).toMatchObject({ name, source });
  });
});

describe('the caller of an agent', () => {
  it('is the same by the same key, in whatever field it comes', () => {
    const tags = [bearer('k'), ['authorization', 'k'], ['x-api-key', 'k'], ['x-goog-api-key', ' k'], ['API-KEY', 'k']].map(
      (headers) => identify(headers, undefined, undefined).agent.principal,
    );
    expect(new Set([...tags, identify([], undefined, 'k').agent.principal]).size).toBe(1);
  });

  it('is another by another key, and nobody without one', () => {
    expect(identify(bearer('a'), undefined, undefined).agent.principal).not.toBe(
      identify(bearer('b'), undefined, undefined).agent.principal,
    );
    expect(identify([], undefined, undefined).agent.principal).toBe('');
  });

  it('cannot be told from the tag without the secret of the installation', () => {
    const elsewhere = new Principals(() => Buffer.alloc(32, 2));
    expect(elsewhere.tag('k')).not.toBe(principals.tag('k'));
    expect(principals.tag('sk-planner')).not.toContain('planner');
  });

  it('is the same object at each of its calls', () => {
    const headers = [...bearer('k'), ...claudeCode];
    expect(identify(headers, undefined, undefined).agent).toBe(identify([...headers], undefined, undefined).agent);
  });
});

describe('a session', () => {
  it.each([
    ['x-claude-code-session-id', 'a'],
    ['thread-id', 'b'],
    ['session-id', 'c'],
    ['x-session-id', 'd'],
    ['Mcp-Session-Id', 'e'],
  ])('is known by the id that clients send as %s', (field, id) => {
    expect(identify([field, id], undefined, undefined)).toMatchObject({ session: undefined, clientSession: id });
  });

  it('of several threads is known by the thread, in whatever order the two are sent', () => {
    for (const headers of [
      ['session-id', 'c', 'thread-id', 'b'],
      ['thread-id', 'b', 'session-id', 'c'],
    ])
      expect(identify(headers, undefined, undefined).clientSession).toBe('b');
  });

  it('that the caller names is told apart from one that its program names', () => {
    expect(identify(['x-outrigger-session', 's', 'session-id', 'c'], undefined, undefined)).toMatchObject({
      session: 's',
      clientSession: 'c',
    });
  });
});

describe('a program that has said its name when it began its session', () => {
  const inSession = (id: string, key = 'k', more: string[] = []) =>
    identify([...bearer(key), 'user-agent', 'node', 'mcp-session-id', id, ...more], undefined, undefined).agent;
  const begins = (id: string, name: string) => clients.remember(principals.tag('k'), id, name);

  it.each([
    ['claude-code', 'claude-code'],
    ['codex-mcp-client', 'codex'],
    ['gemini-cli-mcp-client', 'gemini-cli'],
    ['My Agent', 'my-agent'],
  ])('as %s is an agent by that name from then on', (said, name) => {
    const id = `session of ${said}`;
    expect(inSession(id)).toMatchObject({ name: 'default', client: 'node' });
    begins(id, said);
    expect(inSession(id)).toMatchObject({ name, source: 'client', client: said });
  });

  it('is none where the name is that of a library, or no name for an agent', () => {
    for (const name of ['mcp', 'MCP-Client', '‮', 'x'.repeat(65)]) {
      begins(name, name);
      expect(inSession(name)).toMatchObject({ name: 'default', source: 'default' });
    }
  });

  it('is that caller’s alone, and goes behind what its caller is called otherwise', () => {
    begins('mine', 'coder');
    expect(inSession('mine', 'other key').name).toBe('default');
    expect(inSession('mine', 'k', ['x-outrigger-agent', 'writer'])).toMatchObject({ name: 'writer', source: 'header' });
  });
});
