import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../kit/free-port.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { call, textOf } from './call.ts';
import { start } from './program.ts';

/** A line of the access log. */
interface Served {
  /** Serial number of the connection. */
  connection: number;
  status: number;
  request: string;
}

/** Debian's nginx, in a directory of its own. */
export interface Nginx {
  readonly url: string;
  /** What it serves under /files. */
  readonly files: string;
  /** The requests that it has served so far. */
  served(): Served[];
  /** Replaces its workers; resolves once a new one answers. Streams of the old ones go on. */
  reload(): Promise<void>;
  /** Stops at once, as SIGTERM does: streams are cut. */
  stop(): Promise<void>;
}

/** Starts nginx with more directives for its `server` and `http` blocks and outside of both; stopped when the test has finished. */
export async function nginx(server = '', http = '', main = ''): Promise<Nginx> {
  const directory = temporaryDirectory();
  const files = join(directory, 'files');
  mkdirSync(files);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr warn;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    ${main}
    events { worker_connections 1024; }
    http {
      ${temporary.join(' ')}
      log_format served '$connection $status $request';
      access_log ${directory}/served.log served;
      ${http}
      server {
        listen 127.0.0.1:${port};
        location = /worker { access_log off; return 200 $pid; }
        location /files/ { root ${directory}; }
        ${server}
      }
    }`,
  );
  const { child, output, exited } = start('nginx', ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr']);
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  // On a connection of its own: a worker that goes closes those that it keeps.
  const worker = async () => textOf(await call(`${url}/worker`, { headers: { connection: 'close' } }));
  await eventually('nginx answers', async () => {
    if (gone) throw new Error(`nginx has ended: ${output()}`);
    return (await worker().catch(() => '')) !== '';
  });
  return {
    url,
    files,
    served: () =>
      readFileSync(join(directory, 'served.log'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [connection, status, ...request] = line.split(' ');
          return { connection: Number(connection), status: Number(status), request: request.join(' ') };
        }),
    async reload() {
      const before = await worker();
      child.kill('SIGHUP');
      await eventually('a new worker answers', async () => (await worker()) !== before);
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
