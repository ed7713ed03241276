import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { interval } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import { colourDeclarations } from '../view/theme.ts';
import { Audience } from './audience.ts';
import { mustHoldRuns } from './find-runs.ts';
import { watchRuns } from './watch-runs.ts';

export interface ServeOptions {
  readonly folders: readonly string[];
  /** 0: any that is free. */
  readonly port?: number;
  /** Milliseconds between looks at the files. */
  readonly poll?: number;
}

/** A page about runs that a browser on this machine can open. */
export interface LivePage {
  readonly url: string;
  readonly port: number;
  /** Rejects where watching cannot go on. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** This machine alone, whatever its network. */
const HOST = '127.0.0.1';

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Serves a page that shows runs as they go on, at a port of the loopback interface.
 *
 * @throws LightbulbError `invalid_input` where a folder has no run, `unavailable` where the port is taken
 */
export async function serveRuns({ folders, port = 0, poll }: ServeOptions): Promise<LivePage> {
  for (const folder of folders) mustHoldRuns(folder);
  const audience = new Audience(folders.join(', '));
  const answers = answersOf(audience);
  const server = createServer((request, response) => answer(server, answers, request, response));
  await listen(server, port);
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // whoever waits for it hears of it all the same
  const watching = watchRuns(folders, poll === undefined ? {} : { poll }).subscribe({
    next: (change) => audience.take(change),
    error: fail,
  });
  watching.add(interval(15_000).subscribe(() => audience.keepAlive()));
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${taken}/`,
    port: taken,
    failed,
    close: async () => {
      watching.unsubscribe();
      audience.end();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Everything there is to ask for; no path of a request ever names a file. */
function answersOf(audience: Audience): ReadonlyMap<string, Answer> {
  const own = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
  const colours =
    `:root { ${colourDeclarations('light')} }\n` +
    `@media (prefers-color-scheme: dark) { :root { ${colourDeclarations('dark')} } }\n`;
  const echarts = () => readFileSync(createRequire(import.meta.url).resolve('echarts/dist/echarts.min'), 'utf8');
  const text = (type: string, content: () => string): Answer => {
    let kept: string | undefined;
    return (_, response) => {
      kept ??= content();
      response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(kept);
    };
  };
  const script = (name: string) => text('text/javascript', () => own(name));
  return new Map([
    ['/', text('text/html', () => own('index.html'))],
    ['/page.css', text('text/css', () => colours + own('page.css'))],
    ['/page.mjs', script('page.mjs')],
    ['/chart.mjs', script('chart.mjs')],
    ['/table.mjs', script('table.mjs')],
    ['/echarts.js', text('text/javascript', echarts)],
    [
      '/changes',
      (request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        const { searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
        audience.join(response, searchParams.get('metric') ?? 'return/mean');
      },
    ],
  ]);
}

function answer(
  server: Server,
  answers: ReadonlyMap<string, Answer>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const refuse = (status: number, reason: string) =>
    response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${reason}\n`);
  // A page elsewhere may have a name that leads here (DNS rebinding); it cannot have our name.
  const { port } = server.address() as AddressInfo;
  if (![`${HOST}:${port}`, `localhost:${port}`].includes(request.headers.host ?? '')) {
    refuse(403, 'this is for a browser on this machine, by the address that was printed');
  } else if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET');
    refuse(405, 'only GET');
  } else {
    const found = answers.get((request.url ?? '').split('?')[0]!);
    if (found === undefined) refuse(404, 'there is no such page');
    else found(request, response);
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((done, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new LightbulbError('unavailable', `cannot listen there (${error.code ?? error.message})`, {
          where: `${HOST}:${port}`,
          cure: 'Leave --port out: any free one is taken',
          cause: error,
        }),
      ),
    );
    server.listen(port, HOST, done);
  });
}
