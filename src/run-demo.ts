import { systemClock } from './core/clock.ts';
import { type Demo, type DemoOptions, startDemo } from './demo.ts';

/** Runs the demo until its time is over or a signal ends it; resolves to the exit code. A second signal does not wait. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const demo = await startDemo(options);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const onSignal = () => {
    end();
    process.once('SIGINT', leave).once('SIGTERM', leave);
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('SIGHUP', onSignal);
  const timer = options.forMs === undefined ? undefined : systemClock.timer(options.forMs, end);
  process.stderr.write(welcome(demo, options.forMs));
  await over;
  timer?.cancel();
  await demo.stop();
  process.stderr.write('The demo is over. It has left nothing behind.\n');
  return 0;
}

function leave(): void {
  process.exit(1);
}

/** Tells a person where to look. */
function welcome({ proxy, admin }: Demo, forMs: number | undefined): string {
  const until = forMs === undefined ? 'until Ctrl-C' : `for ${Math.round(forMs / 1000)} s, or until Ctrl-C`;
  return [
    `The demo runs ${until}: six simulated agents, six simulated upstreams that fail now and then, and Outrigger between them on ${proxy}.`,
    'Where to look:',
    `  the page     ${admin}/`,
    `  metrics      ${admin}/metrics`,
    `  agents       ${admin}/api/agents    the coder runs into a loop, is paused, and is let go on`,
    `  upstreams    ${admin}/api/upstreams their circuits open and close`,
    '  dashboards   docs/demo.md says how to have them in Grafana',
    '',
  ].join('\n');
}
