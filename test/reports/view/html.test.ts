import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Report } from '../../../reports/report.ts';
import { htmlOf, writeHtml } from '../../../reports/view/html.ts';
import { chromium } from '../chromium.ts';
import { sampleReport } from './sample.ts';

const EVIL = '<script>window.evil = 1</script><img src=x onerror="window.evil = 2">';

/** A report in which every text is an attack. */
function evilReport(): Report {
  const report = sampleReport({ arms: ['ppo', `arm ${EVIL}`], tasks: [`task ${EVIL}`], seeds: 2, points: 12 });
  return {
    ...report,
    title: EVIL,
    description: EVIL,
    measure: EVIL,
    warnings: [EVIL],
    methods: [EVIL],
    scores: { [`task ${EVIL}`]: { low: 0, high: 1 } },
    runs: report.runs.map((run) => ({ ...run, key: EVIL, folder: `"${EVIL}`, message: EVIL })),
    settings: [{ path: EVIL, values: { ppo: [EVIL, { [EVIL]: EVIL }] } }],
    machines: [{ facts: { [EVIL]: EVIL }, runs: 1 }],
    curves: report.curves.map((curve) => ({ ...curve, metric: `${curve.metric}${EVIL}` })),
  };
}

describe('the page of a report', () => {
  it('says everything that is in the report', () => {
    const report = sampleReport({ tasks: ['simple_spread', 'simple_tag'], isNormalised: true, seeds: 4, points: 20 });
    const page = htmlOf(report);
    const { title, warnings, methods, settings, runs, machines } = report;
    const words = [title, ...warnings, ...methods, ...settings.map(({ path }) => path), ...runs.map(({ key }) => key)];
    for (const word of [...words, ...Object.values(machines[0]!.facts), 'Optimality gap', 'P(first above second)']) {
      assert.ok(page.includes(word), word);
    }
    assert.match(page, /simple_spread: -200 counts as 0 and 0 as 1\./);
    assert.match(page, /not_finite: loss\/policy is NaN/);
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  });

  it('names what is compared, in headings, tables and pictures', () => {
    const measure = { metric: 'evaluation/team', title: 'team objective' };
    const metrics = ['return/mean', 'evaluation/return/mean', 'evaluation/team', 'loss/value'];
    const page = htmlOf(sampleReport({ seeds: 5, points: 12, measure, metrics }));
    for (const words of [
      '<h3>Final team objective of every run</h3>',
      'simple_spread: final team objective, with 95\u00a0% intervals',
      '>Final team objective</th>',
      '>final team objective</text>',
    ]) {
      assert.ok(page.includes(words), words);
    }
    assert.doesNotMatch(page, /final return/i);
    const curves = [...page.matchAll(/<h3>([^<]*) over environment steps<\/h3>/g)].map(([, title]) => title);
    assert.equal(curves[0], 'team objective of an episode, evaluation');
    assert.ok(page.indexOf('over environment steps') < page.indexOf('<details>'), 'and is not folded away');
  });

  it('shows differences by seed, and nothing bold of few', () => {
    const pairs = (page: string) => page.slice(page.indexOf('id="pairs"'), page.indexOf('id="settings"'));
    const made = (seeds: number, caution: string | null) => {
      const report = sampleReport({ arms: ['a', 'b'], seeds, points: 12 });
      const paired = { pairs: seeds, difference: { value: 2, low: 1, high: 3 }, caution };
      return pairs(htmlOf({ ...report, comparisons: report.comparisons.map((row) => ({ ...row, paired })) }));
    };
    const bold = /<span class="clear">2\.0<\/span> <span class="interval">\[1\.0, 3\.0\]<\/span>/;
    assert.match(made(5, null), /First minus second, mean seed by seed/);
    assert.match(made(5, null), bold);
    assert.match(made(5, null), /<td class="number">5<\/td>/);
    assert.doesNotMatch(made(2, 'too few'), bold);
    assert.match(made(2, 'too few'), /<td class="number">2 <span class="caution">too few<\/span><\/td>/);
    const none = sampleReport({ arms: ['a', 'b'], seeds: 2, points: 12, isNormalised: true });
    assert.doesNotMatch(pairs(htmlOf(none)), /mean seed by seed/);
  });

  it('loads nothing', () => {
    const page = htmlOf(sampleReport({ seeds: 2, points: 12 }));
    const loads = page.matchAll(/\b(?:src|href|srcset|data|action|poster)=["']?([^"'\s>]+)|url\(([^)]+)\)|@import/g);
    assert.deepEqual(
      [...loads].map(([all]) => all).filter((all) => !/href="#|url\(#/.test(all)),
      [],
    );
    // Names of namespaces are no addresses that anything is loaded from.
    assert.deepEqual([...new Set(page.match(/https?:\/\/[^"'\s<]+/g))].sort(), [
      'http://www.w3.org/1999/xlink',
      'http://www.w3.org/2000/svg',
    ]);
  });

  it('escapes every text', () => {
    const page = htmlOf(evilReport());
    assert.equal(page.match(/<script/g)!.length, 1, 'its own alone');
    assert.doesNotMatch(page, /<img/);
  });

  it('is the same for the same report', () => {
    assert.equal(htmlOf(sampleReport({ seeds: 2, points: 12 })), htmlOf(sampleReport({ seeds: 2, points: 12 })));
  });

  describe('in Chromium, without a network', () => {
    const browser = chromium();
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'lightbulb-'));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('shows pictures and tables, asks for nothing, and complains of nothing', async () => {
      const file = join(folder, 'report.html');
      await writeHtml(sampleReport({ seeds: 4, points: 30 }), file);
      const { page, heard } = await browser.open({ offline: true, colorScheme: 'dark' });
      await page.goto(pathToFileURL(file).href);
      assert.deepEqual(heard, { complaints: [], requests: [pathToFileURL(file).href] });
      assert.equal(await page.locator('svg[role=img]').count(), 6);
      const box = (await page.locator('figure svg').first().boundingBox())!;
      assert.ok(box.width > 600 && box.height > 100, JSON.stringify(box));
      // Lines of a picture have the colour that the page gives the arm in the dark.
      const styleOf = (selector: string, name: string) =>
        page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${name}`);
      const colour = await styleOf('svg path[stroke="var(--arm-0)"]', 'stroke');
      assert.equal(colour, 'rgb(63, 151, 214)');
      assert.equal(await styleOf('body', 'backgroundColor'), 'rgb(20, 23, 27)');
    });

    it('sorts its runs by a column, numbers as numbers', async () => {
      const file = join(folder, 'report.html');
      const report = sampleReport({ arms: ['ppo'], seeds: 12, points: 12 });
      await writeHtml(report, file);
      const { page } = await browser.open({ offline: true });
      await page.goto(pathToFileURL(file).href);
      const seeds = () => page.locator('table[data-sortable] tbody tr td:nth-child(4)').allInnerTexts();
      const heading = page.getByRole('button', { name: 'Seed' });
      await heading.click();
      await heading.click();
      assert.deepEqual(
        await seeds(),
        Array.from({ length: 12 }, (_, i) => String(12 - i)),
      );
      await heading.click();
      assert.deepEqual(
        await seeds(),
        Array.from({ length: 12 }, (_, i) => String(i + 1)),
      );
    });

    it('runs nothing that a name brings', async () => {
      const file = join(folder, 'report.html');
      await writeHtml(evilReport(), file);
      const { page, heard } = await browser.open({ offline: true });
      await page.goto(pathToFileURL(file).href);
      assert.equal(await page.evaluate('window.evil'), undefined);
      assert.deepEqual(heard.complaints, []);
      assert.match(await page.locator('h1').innerText(), /^<script>/);
    });
  });
});
