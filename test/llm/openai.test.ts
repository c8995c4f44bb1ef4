import { openai } from '../../src/llm/openai.ts';
import { openaiAnswers } from './contract/cases/openai-answers.ts';
import { openaiCalls } from './contract/cases/openai-calls.ts';
import { openaiChatStreams } from './contract/cases/openai-chat-streams.ts';
import { openaiHints, openaiRetargets } from './contract/cases/openai-edits.ts';
import { created, delta, hello, responses, role } from './contract/cases/openai-frames.ts';
import { openaiRecorded } from './contract/cases/openai-recorded.ts';
import { openaiResponsesStreams } from './contract/cases/openai-responses-streams.ts';
import { json, keepsItsContract, sse } from './contract.ts';

keepsItsContract({
  dialect: openai,
  request: { method: 'POST', path: '/v1/chat/completions?x=1', headers: json },
  calls: openaiCalls,
  answers: [...openaiAnswers, ...openaiChatStreams, ...openaiResponsesStreams, ...openaiRecorded],
  retargets: openaiRetargets,
  hints: openaiHints,
  codeOf: (refusal) => (refusal as { error: { code: unknown } }).error.code,
  breakOff: [
    { headers: sse, begun: role + hello },
    { request: responses, headers: sse, begun: created + delta },
    { request: { path: '/v1/completions' }, headers: sse, begun: 'data: {"choices":[{"text":"Hi"}]}\n\n' },
  ],
  speaks: ['chat', 'completions', 'responses'].flatMap((api) =>
    [true, false].map((stream) => ({ kind: 'llm', api, model: 'gpt-5', stream, repeatable: true, stateful: false }) as const),
  ),
});
