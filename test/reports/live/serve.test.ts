import assert from 'node:assert/strict';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Message } from '../../../reports/live/audience.ts';
import { type LivePage, serveRuns } from '../../../reports/live/serve.ts';
import { temporaryFolder } from '../../scenarios/files.ts';
import { RunWriter } from './write-run.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Asks by hand: fetch cannot lie about its host, nor leave dots in a path. */
function ask(
  port: number,
  path: string,
  { method = 'GET', host = `127.0.0.1:${port}`, at = '127.0.0.1' } = {},
): Promise<Reply> {
  return new Promise((done, reject) => {
    request({ host: at, port, path, method, headers: { Host: host } }, (response) => {
      let body = '';
      response.on('data', (piece) => {
        body += piece;
      });
      response.on('end', () => done({ status: response.statusCode!, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** The first `count` messages of the stream. */
async function messages(url: string, count: number, meanwhile: () => void = () => {}): Promise<Message[]> {
  const stop = new AbortController();
  const { body } = await fetch(url, { signal: stop.signal });
  const found: Message[] = [];
  let text = '';
  for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const parts = text.split('\n\n');
    text = parts.pop()!;
    for (const part of parts) if (part.startsWith('data: ')) found.push(JSON.parse(part.slice(6)) as Message);
    if (found.length === 1) meanwhile();
    if (found.length >= count) break;
  }
  stop.abort();
  return found;
}

describe('the server of lightbulb watch', () => {
  const root = temporaryFolder();
  let page: LivePage;
  let writer: RunWriter;
  beforeEach(async () => {
    writer = new RunWriter(join(root(), 'run'));
    writer.iteration(100, -3);
    page = await serveRuns({ folders: [writer.folder], poll: 50 });
  });
  afterEach(() => page.close());

  it('answers with its page and scripts, and forbids them all but themselves', async () => {
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/page.css', 'text/css'],
      ['/page.mjs', 'text/javascript'],
      ['/table.mjs', 'text/javascript'],
      ['/chart.mjs', 'text/javascript'],
      ['/echarts.js', 'text/javascript'],
    ] as const) {
      const { status, headers, body } = await ask(page.port, path);
      assert.equal(status, 200, path);
      assert.ok(String(headers['content-type']).startsWith(type), path);
      assert.match(
        String(headers['content-security-policy']),
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.ok(body.length > 500, path);
    }
  });

  it('is for this machine by this name: hosts of others are refused (DNS rebinding)', async () => {
    for (const host of ['evil.example', `evil.example:${page.port}`, '127.0.0.1', '127.0.0.1:1']) {
      assert.equal((await ask(page.port, '/changes', { host })).status, 403, host);
    }
    assert.equal((await ask(page.port, '/', { host: `localhost:${page.port}` })).status, 200);
  });

  it('listens on the loopback interface alone', async function () {
    const outside = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4');
    if (outside === undefined) this.skip();
    else await assert.rejects(ask(page.port, '/', { at: outside.address }), /ECONNREFUSED/);
  });

  it('takes GET alone, and no path leads to a file', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      assert.equal((await ask(page.port, '/', { method })).status, 405, method);
    }
    for (const path of [
      '/../package.json',
      '/page/../serve.ts',
      '/%2e%2e/serve.ts',
      '/serve.ts',
      '//etc/passwd',
      '/..%2f..%2fpackage.json',
      '/constructor',
      '/__proto__',
    ]) {
      const { status, body } = await ask(page.port, path);
      assert.equal(status, 404, path);
      assert.equal(body, 'there is no such page\n');
    }
  });

  it('sends everything, then what is new', async () => {
    // Wait until the first look at the files is done.
    await messages(`${page.url}changes`, 1);
    await new Promise((done) => setTimeout(done, 200));
    const [first, second] = await messages(`${page.url}changes?metric=loss%2Fvalue`, 2, () =>
      writer.iteration(200, -2),
    );
    assert.equal(first!.isWhole, true);
    assert.deepEqual(first!.metrics, ['return/mean', 'loss/value']);
    assert.deepEqual(first!.series, [{ id: '0', replace: true, points: [[100, 0.01]], last: [100, 0.01] }]);
    assert.equal(second!.isWhole, false);
    assert.equal(second!.rows[0]!.latestReturn, -2);
    assert.deepEqual(second!.series, [{ id: '0', replace: false, points: [[200, 0.005]], last: [200, 0.005] }]);
  });

  it('shares the points of a picture among many runs', async () => {
    await page.close();
    for (let i = 0; i < 300; i++) {
      const each = new RunWriter(join(root(), 'many', `run-${i}`));
      if (i === 0) for (let step = 1; step <= 2000; step++) each.iteration(step, step);
    }
    page = await serveRuns({ folders: [join(root(), 'many')], poll: 50 });
    await messages(`${page.url}changes`, 2);
    const [whole] = await messages(`${page.url}changes`, 1);
    assert.equal(whole!.rows.length, 300);
    assert.equal(whole!.series.length, 1);
    const { points, last } = whole!.series[0]!;
    assert.ok(points.length > 90 && points.length <= 200, String(points.length));
    assert.deepEqual(last, [2000, 2000]);
  });

  it('says that a port is taken', async () => {
    await assert.rejects(
      serveRuns({ folders: [writer.folder], port: page.port }),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, 'unavailable');
        assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${page.port}: cannot listen there \\(EADDRINUSE\\)`));
        return true;
      },
    );
  });
});
