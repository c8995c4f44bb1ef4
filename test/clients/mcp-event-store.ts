import type { EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

/** Keeps the events of every stream of a session in their order, so that streams can be resumed. */
export function eventStore(): EventStore {
  const events: { stream: string; message: JSONRPCMessage }[] = [];
  return {
    storeEvent(stream, message) {
      events.push({ stream, message });
      return Promise.resolve(String(events.length));
    },
    async replayEventsAfter(lastEventId, { send }) {
      const stream = events[Number(lastEventId) - 1]?.stream ?? '';
      for (const [index, event] of events.entries()) {
        if (index >= Number(lastEventId) && event.stream === stream) await send(String(index + 1), event.message);
      }
      return stream;
    },
  };
}
