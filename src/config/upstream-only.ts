/** The configuration of `outrigger start --upstream URL`: everything goes there, with every policy at its defaults. */
export function upstreamOnly(url: string): unknown {
  return {
    upstreams: { upstream: { url } },
    policies: { llm: { deadline: '10m', timeout: {}, retry: {}, circuitBreaker: {}, bulkhead: {}, loopDetection: {} } },
    routes: [{ path: '/', upstream: 'upstream', policy: 'llm' }],
  };
}
