import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as types from '@modelcontextprotocol/sdk/types.js';
import { listening } from '../../kit/listening.ts';
import { eventStore } from '../mcp-event-store.ts';
import { elicitations, fixedTools, prompts, readResource, resourceList, text, toolList } from './content.ts';

type Ask = { schema: Record<string, unknown>; required?: string[]; message: string };

/** Starts a server that has all that the conformance suite asks for; gives its port. It is gone when the test has finished. */
export async function conformanceServer(): Promise<number> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const [hostIsLocal, originIsLocal] = [localhostHostValidation(), localhostOriginValidation()];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return;
    const session = String(request.headers['mcp-session-id']);
    await (transports.get(session) ?? (await open(transports))).handleRequest(request, response);
  };
  const http = createServer((request, response) => void answer(request, response));
  return listening(http);
}

async function open(transports: Map<string, StreamableHTTPServerTransport>): Promise<StreamableHTTPServerTransport> {
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: eventStore(),
    retryInterval: 100,
    onsessioninitialized: (id) => void transports.set(id, transport),
  });
  // Its types and those of its own SDK disagree on optional members.
  await createMcpServer().connect(transport as Parameters<Server['connect']>[0]);
  return transport;
}

function createMcpServer(): Server {
  const capabilities = { tools: {}, resources: { subscribe: true }, prompts: {}, logging: {}, completions: {} };
  const server = new Server({ name: 'all-of-it', version: '1' }, { capabilities });
  server.setRequestHandler(types.ListToolsRequestSchema, () => ({ tools: toolList }));
  server.setRequestHandler(types.CallToolRequestSchema, ({ params }, extra) => callTool(server, params, extra));
  server.setRequestHandler(types.ListResourcesRequestSchema, () => ({ resources: resourceList }));
  server.setRequestHandler(types.ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' }],
  }));
  server.setRequestHandler(types.ReadResourceRequestSchema, ({ params }) => ({ contents: [readResource(params.uri)] }));
  server.setRequestHandler(types.SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(types.UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(types.SetLevelRequestSchema, () => ({}));
  server.setRequestHandler(types.CompleteRequestSchema, () => ({ completion: { values: ['a', 'b'], total: 2, hasMore: false } }));
  server.setRequestHandler(types.ListPromptsRequestSchema, () => ({
    prompts: Object.entries(prompts).map(([name, { takes }]) => ({
      name,
      description: name,
      arguments: takes.map((one) => ({ name: one, required: true })),
    })),
  }));
  server.setRequestHandler(types.GetPromptRequestSchema, ({ params }) => ({
    messages: [...prompts[params.name as keyof typeof prompts].gives(params.arguments ?? {})],
  }));
  return server;
}

type Extra = Parameters<Parameters<Server['setRequestHandler']>[1]>[1];

async function callTool(server: Server, { name, arguments: given = {} }: types.CallToolRequest['params'], extra: Extra) {
  if (Object.hasOwn(fixedTools, name)) return { content: fixedTools[name as keyof typeof fixedTools] };
  if (Object.hasOwn(elicitations, name)) {
    const schema = elicitations[name as keyof typeof elicitations];
    return { content: [text(`Elicitation completed: ${await ask(extra, { schema, message: 'Please check these values.' })}`)] };
  }
  switch (name) {
    case 'test_tool_with_logging':
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
      }
      return { content: [text('It has run.')] };
    case 'test_tool_with_progress': {
      const progressToken = extra._meta?.progressToken ?? 0;
      for (const progress of [0, 50, 100]) {
        await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      return { content: [text('It has run.')] };
    }
    case 'test_error_handling':
      return { isError: true, content: [text('This tool intentionally returns an error for testing')] };
    case 'test_reconnection':
      extra.closeSSEStream?.();
      return { content: [text('Reconnection test completed successfully')] };
    case 'test_sampling': {
      const messages = [{ role: 'user' as const, content: text(String(given['prompt'])) }];
      const params = { messages, maxTokens: 100 };
      const { content } = await extra.sendRequest({ method: 'sampling/createMessage', params }, types.CreateMessageResultSchema);
      return { content: [text(`LLM response: ${JSON.stringify(content)}`)] };
    }
    case 'test_elicitation': {
      const schema = { username: { type: 'string' }, email: { type: 'string' } };
      const told = await ask(extra, { schema, required: ['username', 'email'], message: String(given['message']) });
      return { content: [text(`User response: ${told}`)] };
    }
    default:
      throw new types.McpError(types.ErrorCode.InvalidParams, `there is no tool ${name} in ${server.constructor.name}`);
  }
}

async function ask(extra: Extra, { schema, required, message }: Ask): Promise<string> {
  const requestedSchema = {
    type: 'object',
    properties: schema,
    ...(required && { required }),
  } as types.ElicitRequestFormParams['requestedSchema'];
  const request = { method: 'elicitation/create' as const, params: { message, requestedSchema } };
  const { action, content } = await extra.sendRequest(request, types.ElicitResultSchema);
  return `action=${action}, content=${JSON.stringify(content)}`;
}
