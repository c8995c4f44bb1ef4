import { type AgentWorld, pick, type SimulatedAgent } from './agent-world.ts';
import { callSidecar } from './call-model.ts';

/** Searches, reads pages and books rooms by tools, and has a model sum up what it found. */
export const researcher: SimulatedAgent = {
  name: 'researcher',
  restMs: 600,
  async work(world) {
    await callSidecar(world, 'researcher', `/search?q=${pick(['tides', 'trains', 'tunnels'], world)}`);
    await callTool(world, 'tools/list', {});
    const name = pick(['read_page', 'read_page', 'book_room'], world);
    await callTool(world, 'tools/call', { name, arguments: { page: Math.floor(world.random() * 100) } });
    await callSidecar(world, 'researcher', '/anthropic/v1/messages', {
      model: 'claude-haiku-4-5',
      max_tokens: 500,
      stream: true,
      messages: [{ role: 'user', content: `Sum up what you know of page ${Math.floor(world.random() * 100)}.` }],
    });
  },
};

async function callTool(world: AgentWorld, method: string, params: object): Promise<void> {
  await callSidecar(world, 'researcher', '/files/mcp', { jsonrpc: '2.0', id: Math.floor(world.random() * 1e6), method, params });
}
