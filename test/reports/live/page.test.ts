import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type LivePage, serveRuns } from '../../../reports/live/serve.ts';
import { put } from '../../scenarios/files.ts';
import { chromium } from '../chromium.ts';
import { RunWriter } from './write-run.ts';

const EVIL = '<img src=x onerror="window.evil = 1">';

describe('the page of lightbulb watch in Chromium', () => {
  const browser = chromium();
  let folder: string;
  let first: RunWriter;
  let server: LivePage;
  let page: Page;
  let heard: { readonly complaints: string[]; readonly requests: string[] };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lightbulb-'));
    mkdirSync(join(folder, 'runs'));
    const jobs = [
      { key: 'fast-s1', arm: EVIL, settings: {}, seed: 1 },
      { key: 'slow-s1', arm: 'slow', settings: {}, seed: 1 },
    ];
    put(folder, 'plan.json', { experiment: 'speeds', description: '', scores: {}, jobs });
    first = new RunWriter(join(folder, 'runs', 'fast-s1'));
    for (let step = 10; step <= 200; step += 10) first.iteration(step, -step / 10);
    server = await serveRuns({ folders: [folder], poll: 100 });
    ({ page, heard } = await browser.open());
    await page.goto(server.url);
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const row = (name: string) => page.locator(`tr[data-run="${name}"]`);
  const says = (name: string, text: string | RegExp) =>
    row(name).filter({ hasText: text }).waitFor({ timeout: 10_000 });
  const chart = (selector: string) => page.locator(`#chart${selector}`).waitFor({ timeout: 10_000 });

  it('shows what is there: a run, one that waits, and its curve', async () => {
    await says('fast-s1', /running\s*20 %\s*200\s*100\s*8 s\s*-20/);
    await says('slow-s1', 'waiting');
    await chart('[data-lines="1"][data-points="20"]');
    assert.match(await page.locator('#counts').innerText(), /1 running, 1 waiting/);
  });

  it('shows what is appended, live', async () => {
    first.iteration(210, 77.5);
    await says('fast-s1', '77.5');
    await chart('[data-points="21"]');
  });

  it('shows a planned run that begins, and one that nobody planned', async () => {
    new RunWriter(join(folder, 'runs', 'slow-s1')).iteration(500, 1);
    await says('slow-s1', 'running');
    new RunWriter(join(folder, 'runs', 'extra')).iteration(100, 2);
    await says('extra', '10 %');
    await chart('[data-lines="3"]');
  });

  it('draws the metric that is chosen', async () => {
    await page.locator('#metric').selectOption('loss/value');
    await chart('[aria-label^="loss/value"][data-lines="3"]');
    assert.equal(await page.locator('#metric').inputValue(), 'loss/value');
  });

  it('shows a run that ends', async () => {
    first.finish(41.25);
    await says('fast-s1', /finished.*41\.3/s);
  });

  it('finds its server again when that was away', async () => {
    const { port } = server;
    await server.close();
    await page.locator('#connection[data-state="lost"]').waitFor({ timeout: 10_000 });
    new RunWriter(join(folder, 'runs', 'meanwhile')).iteration(300, 3);
    server = await serveRuns({ folders: [folder], poll: 100, port });
    await page.locator('#connection[data-state="live"]').waitFor({ timeout: 15_000 });
    await says('meanwhile', '30 %');
    await chart('[aria-label^="loss/value"][data-lines="4"]');
  });

  it('asked its server alone, ran nothing that a name brought, and complained of nothing but that absence', async () => {
    assert.deepEqual(
      heard.requests.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:')),
      [],
    );
    assert.equal(await page.evaluate('window.evil'), undefined);
    assert.ok((await row('fast-s1').innerText()).includes(EVIL));
    assert.deepEqual(
      heard.complaints.filter(
        (text) => !text.includes('ERR_CONNECTION_REFUSED') && !text.includes('ERR_INCOMPLETE_CHUNKED_ENCODING'),
      ),
      [],
    );
  });
});
