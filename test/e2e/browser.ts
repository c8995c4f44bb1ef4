import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { start } from './program.ts';

export interface Page {
  goTo(url: string): Promise<void>;
  /** What an expression gives in the page, as JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until the page shows the text. */
  shows(text: string): Promise<void>;
  /** What the page has, and was told, of errors. */
  readonly complaints: string[];
}

interface Told {
  id?: number;
  method?: string;
  params?: { entry?: { text: string } };
  result?: { result?: { value: unknown } };
}

/** A page in Debian's Chromium, as large as a phone; closed when the test has finished. */
export async function browserPage(): Promise<Page> {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--window-size=390,844', '--remote-debugging-port=0'];
  const { output } = start('chromium', [...flags, `--user-data-dir=${temporaryDirectory()}`, 'about:blank']);
  const listening = /DevTools listening on ws:\/\/(\S+?)\//;
  await eventually('Chromium listens', () => listening.test(output()), 30_000);
  const pages = (await (await fetch(`http://${listening.exec(output())?.[1]}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(pages[0]!.webSocketDebuggerUrl);
  onTestFinished(() => socket.close());
  const waiting = new Map<number, (told: Told) => void>();
  const complaints: string[] = [];
  socket.on('message', (data: Buffer) => {
    const told = JSON.parse(data.toString()) as Told;
    if (told.method === 'Log.entryAdded') complaints.push(told.params?.entry?.text ?? '');
    if (told.id !== undefined) waiting.get(told.id)?.(told);
  });
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  socket.on('open', () => open());
  await opened;
  let last = 0;
  const command = (method: string, params: unknown = {}) => {
    const { promise, resolve } = Promise.withResolvers<Told>();
    last += 1;
    waiting.set(last, resolve);
    socket.send(JSON.stringify({ id: last, method, params }));
    return promise;
  };
  await command('Log.enable');
  const evaluate = async (expression: string) =>
    (await command('Runtime.evaluate', { expression, returnByValue: true })).result?.result?.value;
  return {
    complaints,
    evaluate,
    goTo: async (url) => void (await command('Page.navigate', { url })),
    shows: (text) =>
      eventually(`the page shows ${text}`, async () => String(await evaluate('document.body?.innerText')).includes(text), 10_000),
  };
}
