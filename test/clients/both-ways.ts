import { type Fixture, LLMock, type MockServerOptions } from '@copilotkit/aimock';
import { expect, onTestFinished } from 'vitest';
import type { HttpMessage } from '../kit/http-message.ts';
import { endToEndLines } from '../kit/pass.ts';
import { type RawUpstream, rawUpstream, type Script } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { type Recorder, recorderFor } from './recorder.ts';
import { type Told, tell } from './told.ts';

/** Where a client points, without a slash at its end. */
export interface Way {
  url: string;
}

/** What the upstream was asked, whole requests only. */
interface Asked {
  readonly requests: readonly HttpMessage[];
}

export interface Run {
  told: Told;
  upstream: Asked;
}

export interface Scenario {
  dialect: string;
  /** The provider's answers. */
  fixtures: Fixture[];
  use(way: Way): Promise<unknown>;
  options?: MockServerOptions;
  /** The policies of the sidecar; none unless set. */
  policy?: Record<string, unknown> | undefined;
}

/** A provider with these fixtures, and a recorder in front of it; both are gone when the test has finished. */
export async function provider(fixtures: Fixture[], options: MockServerOptions = {}): Promise<Recorder> {
  const mock = new LLMock({ port: 0, logLevel: 'silent', ...options });
  mock.addFixtures(fixtures);
  await mock.start();
  onTestFinished(() => mock.stop());
  return recorderFor(mock.port);
}

/** The way through a sidecar to an upstream. Without a policy it passes everything through. */
export async function throughSidecar(upstream: Way, dialect: string, policy?: Record<string, unknown>): Promise<Way> {
  const { proxy } = await sidecarFor(upstream, { upstream: { dialect }, ...(policy && { policy }) });
  return { url: `http://${proxy.host}:${proxy.port}` };
}

/** Makes the same calls directly and through a sidecar, each to a provider of its own. */
export function bothWays({ fixtures, options, ...rest }: Scenario): Promise<{ direct: Run; through: Run }> {
  return both(() => provider(fixtures, options), rest);
}

/** The same with an upstream that does what a script says. */
export function bothWaysTo(script: Script, scenario: Omit<Scenario, 'fixtures' | 'options'>): Promise<{ direct: Run; through: Run }> {
  return both<RawUpstream>(() => rawUpstream(script), scenario);
}

async function both<T extends Asked & Way>(start: () => Promise<T>, { dialect, use, policy }: Omit<Scenario, 'fixtures' | 'options'>) {
  const [mine, its] = [await start(), await start()];
  const way = await throughSidecar(its, dialect, policy);
  const [direct, through] = await Promise.all([tell(() => use(mine)), tell(() => use(way))]);
  return { direct: { told: direct, upstream: mine }, through: { told: through, upstream: its } };
}

/**
 * Makes the same calls both ways and expects that nobody can tell the difference: the client got the same, and the
 * provider was asked the same, byte by byte, as often. Gives what the client got and what the provider was asked.
 */
export async function sameBothWays(scenario: Scenario): Promise<{ told: Told; requests: readonly HttpMessage[] }> {
  const { direct, through } = await bothWays(scenario);
  expect(through.told).toStrictEqual(direct.told);
  expectSameRequests(through, direct);
  return { told: direct.told, requests: direct.upstream.requests };
}

/** Expects that the same was asked, in the same order. */
export function expectSameRequests(one: Run, other: Run): void {
  expect(other.upstream.requests.length).toBeGreaterThan(0);
  expect(one.upstream.requests.map(endToEnd)).toStrictEqual(other.upstream.requests.map(endToEnd));
}

function endToEnd(request: HttpMessage) {
  return { startLine: request.startLine, headerLines: endToEndLines(request), body: request.body };
}
