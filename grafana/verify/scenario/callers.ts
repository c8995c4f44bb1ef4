import Anthropic from '@anthropic-ai/sdk';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import OpenAI from 'openai';
import { WebSocket } from 'ws';

type Message = OpenAI.ChatCompletionMessageParam;

/** What a call of an agent says beside its words. */
export interface Ask {
  readonly upstream?: string;
  readonly model?: string;
  readonly stream?: boolean;
  /** Asks for JSON. */
  readonly json?: boolean;
  /** Hangs up after so many chunks of a stream. */
  readonly leaveAfter?: number;
}

/** Agents of the scenario, with the SDKs that agents have. What goes wrong with a call is the sidecar's to tell, so it is not told here. */
export class Callers {
  readonly #proxy: string;

  constructor(proxy: string) {
    this.#proxy = proxy;
  }

  /** A chat completion, of a question or of a whole conversation. */
  async chat(
    agent: string,
    conversation: string | readonly Message[],
    { upstream = 'openai', model = 'gpt-5', stream = false, json = false, leaveAfter }: Ask = {},
  ): Promise<void> {
    const client = new OpenAI({
      baseURL: `${this.#proxy}/@${agent}/${upstream}/v1`,
      apiKey: 'sk-of-the-scenario',
      maxRetries: 0,
      timeout: 15_000,
    });
    const body = {
      model,
      messages: typeof conversation === 'string' ? [{ role: 'user' as const, content: conversation }] : [...conversation],
      ...(json && { response_format: { type: 'json_object' as const } }),
    };
    await ignoringFailure(async () => {
      if (!stream) return client.chat.completions.create(body);
      const chunks = await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } });
      let seen = 0;
      for await (const _ of chunks) {
        seen += 1;
        if (seen === leaveAfter) break;
      }
      return seen;
    });
  }

  /** A message of Anthropic's. */
  async message(agent: string, words: string, stream = false): Promise<void> {
    const client = new Anthropic({
      baseURL: `${this.#proxy}/@${agent}/anthropic`,
      apiKey: 'sk-of-the-scenario',
      maxRetries: 0,
      timeout: 15_000,
    });
    const body = { model: 'claude-haiku-4-5', max_tokens: 100, messages: [{ role: 'user' as const, content: words }] };
    await ignoringFailure(() => (stream ? client.messages.stream(body).finalMessage() : client.messages.create(body)));
  }

  /** A search by plain HTTP. */
  async search(agent: string, words: string, headers: Record<string, string> = {}): Promise<void> {
    await ignoringFailure(async () => {
      const response = await fetch(`${this.#proxy}/@${agent}/search/find?q=${encodeURIComponent(words)}`, { headers });
      return response.text();
    });
  }

  /** Calls of tools in a session of MCP; one of them names a tool that there is not. */
  async tools(agent: string): Promise<void> {
    const client = new Client({ name: agent, version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(`${this.#proxy}/@${agent}/files/mcp`));
    await ignoringFailure(async () => {
      await client.connect(transport as Parameters<Client['connect']>[0]);
      await client.listTools();
      await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
      await ignoringFailure(() => client.callTool({ name: 'echo', arguments: { wrong: true } }));
      await transport.terminateSession();
    });
    await client.close();
  }

  /** Responses over a WebSocket, which stays open for a while. */
  async realtime(agent: string, answers: number, openMs: number): Promise<void> {
    const socket = new WebSocket(`${this.#proxy.replace('http', 'ws')}/@${agent}/realtime/v1/responses`, { perMessageDeflate: false });
    await ignoringFailure(
      () =>
        new Promise<void>((resolve, reject) => {
          let last = 0;
          socket.on('error', reject);
          socket.on('close', () => resolve());
          socket.on('open', () => {
            for (let i = 0; i < answers; i += 1) socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-5', input: 'hello' }));
            setTimeout(() => socket.close(), openMs);
          });
          socket.on('message', () => (last += 1));
        }),
    );
  }
}

async function ignoringFailure(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch {
    // Most of what is called here is meant to fail.
  }
}
