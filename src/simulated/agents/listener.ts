import { once } from 'node:events';
import { sleep } from '../../core/clock.ts';
import type { SimulatedAgent } from './agent-world.ts';

/** Keeps a WebSocket open for some turns of a conversation, as assistants that listen do. */
export const listener: SimulatedAgent = {
  name: 'listener',
  restMs: 2000,
  async work(world) {
    const socket = new WebSocket(`${world.proxy.replace('http', 'ws')}/@listener/openai/v1/responses`);
    const onStop = () => socket.close();
    world.signal.addEventListener('abort', onStop);
    try {
      await once(socket, 'open', { signal: world.signal });
      for (let turn = 0; turn < 4; turn += 1) {
        socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-5', input: `And what then? ${turn}` }));
        await sleep(world.clock, 700, world.signal);
      }
    } finally {
      world.signal.removeEventListener('abort', onStop);
      socket.close();
    }
  },
};
