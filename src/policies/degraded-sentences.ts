import { replaceableVerdicts } from './replaceable-verdicts.ts';

/** What can be answered in words when nothing better is left: a verdict, or that we refused the call ourselves. */
export const degradedReasons = [...replaceableVerdicts, 'refused'] as const;

export type DegradedReason = (typeof degradedReasons)[number];

/** Said where the configuration has no words of its own. Each tells what can be done next, and none asks for anything at once. */
export const degradedSentences: Readonly<Record<DegradedReason, readonly string[]>> = {
  'rate-limited': [
    'I am getting more requests than I may answer right now. Please give me a minute and ask again.',
    'I have reached the limit on how often I may answer for the moment. The same question will work a little later.',
    'Too much is being asked of me at once just now. I will be able to go on shortly.',
  ],
  'quota-exhausted': [
    'I cannot answer, because the quota for this service is used up. Somebody has to raise it before I can go on.',
    'The budget for this service is spent, so I have to stop here for now. Please let whoever looks after it know.',
    'I have no quota left to work with. Asking again will not help until it has been renewed.',
  ],
  overloaded: [
    'The service that I rely on is very busy at the moment. Please try again in a little while.',
    'I cannot get an answer now, because the model is overloaded. It usually recovers within a few minutes.',
    'There is more load than the model can take just now, so I could not finish this. I can try again shortly.',
  ],
  'server-error': [
    'Something went wrong at the service that I rely on, and I could not finish this. Please try again in a moment.',
    'I ran into a fault on the other side and have no answer this time. It may well work later.',
    'The model had an internal problem, so I cannot answer now. Nothing is wrong with your question.',
  ],
  network: [
    'I could not reach the model just now. I will be able to try again shortly.',
    'My connection to the service broke off before there was an answer. Please ask me again in a moment.',
    'I cannot reach the service that I need at the moment. Once the connection is back I can go on.',
  ],
  timeout: [
    'This took longer than I may wait, so I have no answer yet. Please try again in a moment.',
    'I did not get an answer in time. A shorter question, or the same one a little later, may work better.',
    'The model did not answer within the time that I have. I can try again shortly.',
  ],
  'model-unavailable': [
    'The model that I was asked to use is not available at the moment. Another model would have to be chosen.',
    'I cannot answer, because this model is not offered right now. Please pick another one or come back later.',
    'The model behind me is out of service. Asking again soon will probably not help.',
  ],
  'context-length': [
    'There is more text here than I can take in at once. Please shorten the conversation or split the task.',
    'This conversation has grown too long for me to continue. A summary of what matters would let me go on.',
    'I cannot hold all of this at once. With fewer or shorter messages I could answer.',
  ],
  'invalid-output': [
    'I could not produce an answer that makes sense this time. Please ask me again.',
    'What I came up with was not usable, so I would rather not pass it on. Another try may work.',
    'My answer came out broken. Asking again, perhaps in other words, may help.',
  ],
  refused: [
    'The service that I rely on has had trouble, so I am giving it a short rest. Please try again in a minute.',
    'I am holding back for a moment, because the service behind me is not keeping up. I can go on shortly.',
    'I cannot take this on right now: the model is recovering. Please come back to me in a little while.',
  ],
};
