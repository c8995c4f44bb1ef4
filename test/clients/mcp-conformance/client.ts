import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { loadConfigText } from '../../../src/config/load.ts';
import { startSidecar } from '../../../src/sidecar.ts';
import { createLog } from '../../../src/telemetry/log.ts';

// The conformance suite runs this against a server of its own, whose address it gives last. It does what each scenario asks
// of a client: directly, or through a sidecar where that is the first argument.
const [how, address = ''] = process.argv.slice(2);

async function sidecarTo({ origin }: URL) {
  const loaded = loadConfigText(
    JSON.stringify({
      listen: '127.0.0.1:0',
      admin: { listen: '127.0.0.1:0' },
      upstreams: { suite: { url: origin, dialect: 'mcp' } },
      policies: { tool: { retry: { on: ['network', 'overloaded'] }, circuitBreaker: {} } },
      routes: [{ path: '/', upstream: 'suite', policy: 'tool' }],
    }),
  );
  return startSidecar(loaded, await createLog(loaded.config.telemetry.log, { write: () => {} }));
}

const server = new URL(address);
const sidecar = how === 'sidecar' ? await sidecarTo(server) : undefined;
const url = sidecar ? new URL(`http://127.0.0.1:${sidecar.proxy.port}${server.pathname}`) : server;

const client = new Client({ name: 'a-client', version: '1' }, { capabilities: { elicitation: { form: { applyDefaults: true } } } });
client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: {} }));
const transport = new StreamableHTTPClientTransport(url);
// Its types and those of its own SDK disagree on optional members.
await client.connect(transport as Parameters<Client['connect']>[0]);
const { tools } = await client.listTools();
for (const { name } of tools) await client.callTool({ name, arguments: name === 'add_numbers' ? { a: 5, b: 3 } : {} });
await client.close();
await sidecar?.kill();
