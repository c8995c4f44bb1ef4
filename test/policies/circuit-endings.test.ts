import { expect, test } from 'vitest';
import { breaker, call, circuit, opened, refusedBy, settle } from './circuit-breaker-kit.ts';
import { context, exchange, openReply, openTunnel } from './kit.ts';

test('a stream counts when it ends, not when it begins', async () => {
  const ctx = context();
  const streams = [openReply(), openReply()];
  for (const stream of streams) await call(ctx, stream.reply);
  expect(circuit(ctx).inspect()).toMatchObject({ calls: 0 });
  for (const stream of streams) stream.end({ verdict: 'network', complete: false });
  await settle();
  expect(circuit(ctx).state).toBe('open');
});

test('an agent that leaves its stream says nothing of the upstream', async () => {
  const ctx = context();
  await call(ctx, 'server-error');
  const stream = openReply();
  const outcome = await call(ctx, stream.reply);
  if (outcome.kind === 'reply') outcome.discard();
  await settle();
  expect(circuit(ctx).inspect()).toMatchObject({ calls: 1, run: 1 });
});

test('a bad reply counts when it is handed up, and once, although it is given up later', async () => {
  const ctx = context();
  const bad = openReply({ verdict: 'overloaded' });
  await call(ctx, bad.reply, { failures: 5 });
  expect(circuit(ctx).inspect()).toMatchObject({ run: 1 });
  bad.reply.discard();
  await settle();
  expect(circuit(ctx).inspect()).toMatchObject({ run: 1, calls: 1 });
});

test('a standing stream counts by its head alone', async () => {
  const ctx = context();
  await call(ctx, 'server-error');
  const standing = openReply({ standing: true });
  await call(ctx, standing.reply);
  expect(circuit(ctx).inspect()).toMatchObject({ calls: 2, run: 0 });
  standing.end({ verdict: 'network', complete: false });
  await settle();
  expect(circuit(ctx).inspect()).toMatchObject({ calls: 2, run: 0 });
});

test('a tunnel counts by its handshake', async () => {
  const ctx = context();
  await call(ctx, 'server-error');
  const tunnel = openTunnel();
  await call(ctx, tunnel.tunnel);
  tunnel.end({ verdict: 'network' });
  await settle();
  expect(circuit(ctx).inspect()).toMatchObject({ calls: 2, run: 0 });
});

test('a stream that began before the circuit opened cannot close it', async () => {
  const ctx = context();
  const old = openReply();
  await call(ctx, old.reply);
  await opened(ctx);
  await ctx.clock.advance(10_000);
  // Half-open, with its one probe out.
  const probe = breaker(ctx).run(exchange(), () => new Promise(() => {}));
  expect(circuit(ctx).state).toBe('half-open');
  old.end();
  await settle();
  expect(circuit(ctx).state).toBe('half-open');
  expect(refusedBy(await call(ctx, 'ok'))).toBe('circuit_open');
  void probe;
});

test('a stream that began before the circuit opened cannot re-open it once it has closed', async () => {
  const ctx = context();
  const old = [openReply(), openReply(), openReply()];
  for (const stream of old) await call(ctx, stream.reply);
  await opened(ctx);
  await ctx.clock.advance(10_000);
  await call(ctx, 'ok');
  expect(circuit(ctx).state).toBe('closed');
  for (const stream of old) stream.end({ verdict: 'network', complete: false });
  await settle();
  expect(circuit(ctx).inspect()).toMatchObject({ state: 'closed', run: 0 });
});

test('a ten-minute probe does not block recovery', async () => {
  const ctx = await opened();
  await ctx.clock.advance(10_000);
  const long = openReply();
  await call(ctx, long.reply);
  expect(circuit(ctx).state).toBe('closed');
  expect(await call(ctx, 'ok')).toMatchObject({ kind: 'reply' });
  await ctx.clock.advance(600_000);
  long.end({ verdict: 'network', complete: false });
  await settle();
  // Its bad end is an ordinary failure: one more opens.
  expect(circuit(ctx).inspect()).toMatchObject({ state: 'closed', run: 1 });
  await call(ctx, 'network');
  expect(circuit(ctx).state).toBe('open');
});
