import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleStandardDeviation } from 'simple-statistics';
import { seedFixture } from '../../webview/fixtures.ts';
import { drawn, hostRecord, seenText, send, setTheme } from './browser.ts';
import { crossedShow, fifteen } from './fixtures.ts';
import { type ChartPage, isMarked, line, mark, type Swatch, withPanel } from './page.ts';

describe('seed variance', () => {
  const running = seedFixture('loss', [0, 1, 2, 3, 4], [4]);

  test('mean, band and seeds of each aggregator; patched in place', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, running);
      await mark(page, 'metric-bands');
      const done = seedFixture('loss', [0, 1, 2, 3, 4]);
      await send(page, done);
      assert.ok(await isMarked(page, 'metric-bands'));
      const sets = await drawn(page, 'metric-bands');
      assert.equal(sets.length, 2 * (3 + 5));
      for (const { aggregator, seeds } of done.series) {
        const of = (label: string) => sets.find((set) => set.label === label)!.data;
        seeds.forEach(({ seed, runId, points }) => {
          assert.deepEqual(
            of(`${aggregator}: seed ${seed} (${runId})`),
            line(points, (p) => p.value),
          );
        });
        of(aggregator).forEach(({ x, y }, i) => {
          const values = seeds.map(({ points }) => points.find(({ step }) => step === x)!.value!);
          const average = values.reduce((a, b) => a + b) / values.length;
          const std = sampleStandardDeviation(values);
          assert.ok(Math.abs(y! - average) < 1e-9);
          assert.ok(Math.abs(of(`${aggregator}: mean + std`)[i]!.y! - (average + std)) < 1e-9);
          assert.ok(Math.abs(of(`${aggregator}: mean − std`)[i]!.y! - (average - std)) < 1e-9);
        });
      }
      assert.deepEqual((await hostRecord(page)).state, {
        experimentId: 'digits-1',
        metric: 'loss',
      });
    });
  });

  test('line and points follow a change of theme', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, seedFixture('loss', [0]));
      const colours = () =>
        page.evaluate(() => {
          const { Chart, document } = globalThis as unknown as {
            Chart: { getChart(canvas: unknown): Drawing };
            document: { querySelector(selector: string): unknown };
          };
          interface Drawing {
            getDatasetMeta(place: number): { dataset: Element; data: readonly Element[] };
          }
          interface Element {
            readonly options: { readonly borderColor: string };
          }
          const { dataset, data } = Chart.getChart(
            document.querySelector('#metric-bands'),
          ).getDatasetMeta(0);
          return [dataset, ...data].map(({ options }) => options.borderColor);
        });
      const dark = new Set(await colours());
      await setTheme(page, 'light');
      const light = new Set(await colours());
      assert.deepEqual([dark.size, light.size], [1, 1]);
      assert.notDeepEqual(dark, light);
    });
  });

  test('a mean over fewer seeds is another line: dotted, with hollow points, and a sentence says so', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, running);
      const points = () =>
        page.evaluate(() => {
          const { Chart, document } = globalThis as unknown as ChartPage;
          const { data } = Chart.getChart(document.getElementById('metric-bands'))!;
          const [mean] = data.datasets as unknown as { pointBackgroundColor: string | string[] }[];
          return [mean!.pointBackgroundColor].flat();
        });
      const { band } = running.series[0]!;
      const colours = await points();
      assert.equal(new Set(colours).size, 2);
      for (const [i, { n }] of band.entries()) {
        assert.equal(colours[i] === colours.at(-1), n < 5);
      }
      const note = page.locator('.figure-metric-bands .note');
      assert.match(await seenText(note), /Dotted, with hollow points: a mean over fewer seeds\.$/);
      await send(page, seedFixture('loss', [0, 1, 2, 3, 4]));
      assert.equal((await points()).length, 1);
      assert.doesNotMatch(await seenText(note), /Dotted/);
    });
  });

  test('examples on which seeds differ open in the predictions panel, by keys too', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      const agreement = {
        ...{ aggregator: 'grain', runs: 2, examples: 408, churn: 0.08, unanimous: 0.92 },
        ...{
          seeds: ['0', '1'],
          matrix: [
            [0, 0.08],
            [0.08, 0],
          ],
        },
        disputed: [{ index: 17, target: 'cat', answers: [{ answer: 'cat', runs: 1 }] }],
      };
      await send(page, { ...running, agreements: [agreement] });
      const section = page.getByRole('region', { name: 'Where seeds differ' });
      const summary = section.locator('summary');
      assert.match(
        await seenText(summary),
        /^grain: two of its 2 seeds differ on 8\.0 % of 408 examples, all agree on 92\.0 %$/,
      );
      await summary.press('Enter');
      await section
        .getByRole('button', { name: /^row 17: cat predicted as cat ×1$/ })
        .press('Enter');
      const { posted } = await hostRecord(page);
      assert.deepEqual(posted.at(-1), { type: 'openPredictions', aggregator: 'grain', index: 17 });

      const [churn] = await drawn(page, 'churn-grain');
      assert.deepEqual(
        churn!.data.map(({ v }) => v),
        [null, 0.08, 0.08, null],
        'no seed beside itself',
      );
      const more = { ...agreement, runs: 3, seeds: ['0', '1', '2'], churn: 0.1 };
      const row = [0.08, 0.12, 0.1];
      await send(page, { ...running, agreements: [{ ...more, matrix: [row, row, row] }] });
      assert.match(await seenText(summary), /^grain: two of its 3 seeds differ on 10\.0 %/);
      assert.ok(await section.locator('details').evaluate((it) => 'open' in it && it.open));
      assert.equal((await drawn(page, 'churn-grain'))[0]!.data.length, 9);
    });
  });

  test('of crossed seeds, the metric by both of them; soups', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      const show = crossedShow();
      await send(page, show);
      await page.getByRole('region', { name: 'Where the variance comes from' }).waitFor();
      const soups = page.getByRole('region', { name: 'One model from several runs' }).first();
      assert.match(
        (await soups.locator('tbody td').allInnerTexts()).join(' '),
        /23\.05\d* 23\.2\d* –$/,
      );
      const [cells] = await drawn(page, 'sources-0');
      assert.deepEqual(
        cells!.data.map(({ v }) => v),
        show.verdict.crossed[0]!.values.flat(),
      );
    });
  });

  test('more seeds are asked for once no run is being trained', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, running);
      const button = page.getByRole('button', { name: 'Add seeds…' });
      assert.equal(await button.count(), 0);
      await send(page, seedFixture('loss', [0, 1, 2, 3, 4]));
      await button.press('Enter');
      assert.deepEqual((await hostRecord(page)).posted.at(-1), { type: 'addSeeds' });
    });
  });

  test('the table of final values, with intervals', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, seedFixture('loss', [0, 1, 2, 3, 4]));
      const rows = await page.locator('tbody').first().locator('tr').allInnerTexts();
      const of = String.raw`[\d.]+ \[[\d.]+, [\d.]+\]`;
      assert.match(rows[0]!, new RegExp(String.raw`^grain\t5\t${of}\t[\d.]+\t${of}\t`));
      assert.match(rows[0]!, /\t0 of 5 \[0 %, 43 %\]$/);
      await send(page, seedFixture('loss', [0]));
      const single = await page.locator('tbody').first().locator('tr').allInnerTexts();
      assert.equal(single[0]!.split('\t')[4], '–', 'one seed has no spread');
      const sets = await drawn(page, 'metric-bands');
      assert.ok(
        sets.find(({ label }) => label === 'grain: mean + std')!.data.every(({ y }) => y === null),
      );
    });
  });

  test('the verdict stands first, follows the runs that end, and is announced when it changes', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, running);
      const section = page.getByRole('region', { name: 'Verdict' });
      const words = section.locator('p');
      const saidOf = async () => (await section.locator('[aria-live=polite]').textContent())!;
      assert.deepEqual((await words.allTextContents()).slice(0, -1), running.verdict.words);
      assert.match(
        (await words.first().textContent())!,
        /^Provisional: 2 of 10 runs have yet to end\.$/,
      );
      assert.match(await saidOf(), /^Verdict: Provisional/);
      const first = await section.evaluate((element) => {
        const main = (element as unknown as { parentElement: { children: unknown[] } })
          .parentElement;
        return [...main.children].indexOf(element);
      });
      assert.equal(first, 1, 'right below the title');
      const done = seedFixture('loss', [0, 1, 2, 3, 4]);
      await send(page, done);
      const [sentence] = await words.allTextContents();
      assert.equal(sentence, done.verdict.words[0]);
      assert.match(sentence!, /^grain and mean: .* In loss, /);
      assert.deepEqual(await section.locator('li').allTextContents(), done.verdict.notes);
    });
  });

  test('failed and unfinished runs are counted and named', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      const all = seedFixture('loss', [0, 1, 2]);
      const notes = [
        'Failed: 0 of 3 runs of grain and 1 of 3 runs of mean.',
        'mean, seed 2: the loss of group 3 is NaN at step 12.',
      ];
      const results = all.verdict.results.map((result) =>
        result.aggregator === 'mean' && result.seed === '2'
          ? { ...result, value: null, failed: true }
          : result,
      );
      await send(page, { ...all, verdict: { ...all.verdict, notes, results } });
      for (const note of notes) await page.getByText(note).waitFor();
      await page.getByText('× Failed: seeds of mean: 2. Those without a value').waitFor();
      const sets = await drawn(page, 'final-values');
      assert.deepEqual(
        sets.map(({ data }) => data.length),
        [3, 2],
      );
    });
  });

  test('fifteen aggregators are distinct, ranked, and one is highlighted by pointing', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, fifteen);
      const swatches = await page.locator('.legend .line-swatch').evaluateAll((all) =>
        all.map((swatch) => {
          const { color, backgroundImage } = (swatch as unknown as Swatch).style;
          return { color, look: `${color} ${backgroundImage}` };
        }),
      );
      assert.equal(new Set(swatches.map(({ look }) => look)).size, 15);
      assert.equal(new Set(swatches.map(({ color }) => color)).size, 15);
      const rows = page.locator('tbody').first().locator('tr');
      const means = (await rows.locator('td:nth-child(3)').allInnerTexts()).map(Number.parseFloat);
      assert.deepEqual(
        means,
        means.toSorted((a, b) => a - b),
      );
      const [best] = fifteen.verdict.table.rows[0]!;
      assert.ok((await seenText(rows.first())).startsWith(best!));
      await page
        .getByText(/^Lower is better\. In brackets: 95 % intervals\..* The best mean first\.$/)
        .waitFor();
      const colourOf = () =>
        page.evaluate((label) => {
          const { Chart, document } = globalThis as unknown as ChartPage;
          const { datasets } = Chart.getChart(document.getElementById('metric-bands'))!.data;
          return datasets.find((set) => set.label === label)!.borderColor;
        }, 'mean');
      const before = await colourOf();
      await page.locator('.legend button').first().hover();
      assert.notEqual(await colourOf(), before, 'the others stand back');
      await page.mouse.move(0, 0);
      assert.equal(await colourOf(), before);
    });
  });

  test('metric and experiment are chosen from lists', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, running);
      for (let i = 0; i < 2; i++) await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.deepEqual((await hostRecord(page)).posted.at(-1), {
        type: 'selectMetric',
        metric: 'worst group loss',
      });
      await send(page, seedFixture('worst group loss', [0, 1, 2, 3, 4], [4]));
      assert.deepEqual((await hostRecord(page)).state, {
        experimentId: 'digits-1',
        metric: 'worst group loss',
      });
      await page.getByText('Final worst group loss over seeds').waitFor();
    });
  });
});
