import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { drawn, seenText, send } from './browser.ts';
import {
  broken,
  brokenAt,
  conflictAppend,
  conflictShow,
  grain,
  halted,
  layerwise,
  mean,
  pcgrad,
  preconditioned,
  smoothed,
  streaming,
  updated,
} from './fixtures.ts';
import { isMarked, line, mark, screenshots, withPanel } from './page.ts';

describe('conflict', () => {
  test('draws what it was sent, and appends', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(grain, 100));
      for (const id of ['min-cosine', 'conflict-matrix']) {
        await mark(page, id);
        const [since, count] = id === 'min-cosine' ? [100, 150] : [150, 240];
        await send(page, conflictAppend(grain, since!, count!));
        assert.ok(await isMarked(page, id));
      }
      const { points } = grain;
      const [rate, meanRate] = await drawn(page, 'conflict-rate');
      assert.deepEqual(
        rate?.data,
        line(points, (p) => p.conflictRate),
      );
      assert.deepEqual(
        meanRate?.data,
        line(points, (p) => p.meanConflictRate),
      );
      assert.deepEqual(
        (await drawn(page, 'norm-ratio'))[0]?.data,
        line(points, (p) => p.normRatio),
      );
      assert.deepEqual(
        (await drawn(page, 'min-cosine'))[0]?.data,
        line(points, (p) => p.minCosine),
      );
      const { cosines } = grain.matrixAt(239)!;
      const [matrix] = await drawn(page, 'conflict-matrix');
      assert.equal(matrix?.data.length, 64);
      for (const { x, y, v } of matrix?.data ?? []) assert.equal(v, cosines[y!]![x]);
    });
  });

  /** What the certificate says, and in what tone. */
  async function certificateOf(page: Page) {
    const line = page.locator('.certificate');
    return {
      text: (await seenText(line)).replace(/\s+/g, ' '),
      tone: await line.locator('.badge').getAttribute('data-tone'),
      alarm: await line.evaluate((element) =>
        (element as unknown as { className: string }).className.includes('alarm'),
      ),
    };
  }

  test('green: neither a direction nor an update conflicted, with the gap of the shortest weights', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(grain));
      assert.ok(grain.points.every(({ guarantee }) => guarantee === 'held'));
      assert.ok(grain.points.every((p) => p.updateConflictsWith === 0));
      const { text, tone, alarm } = await certificateOf(page);
      assert.match(
        text,
        /^certified, no update conflicts This step conflicts with no group; gap (0|\de−\d+)\. All 240 steps certified\. Actual updates: none of 240 conflicted with a group\./,
      );
      assert.doesNotMatch(text, /Remedy|mean, same seed/);
      assert.deepEqual([tone, alarm], ['good', false]);
    });
  });

  test('amber: updates conflict though directions do not, beside the mean’s figure and with a remedy', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(updated));
      assert.ok(updated.points.every(({ guarantee }) => guarantee === 'held'));
      const conflicting = updated.points.filter((p) => p.updateConflictsWith! > 0).length;
      assert.ok(conflicting > 0, 'momentum conflicted with groups that the direction did not');
      const { text, tone, alarm } = await certificateOf(page);
      const share = Number((conflicting / 2.4).toFixed(conflicting < 24 ? 1 : 0));
      assert.ok(
        text.startsWith(
          `direction certified, ${share} % of updates conflict (SGD with momentum) mean, same seed: `,
        ),
        text,
      );
      assert.match(text, /mean, same seed: (\d+|\d\.\d) % This step conflicts with no group;/);
      assert.match(
        text,
        new RegExp(
          `All 240 steps certified\\. Actual updates: ${conflicting} of 240 conflicted with a group\\. Remedy: set guard: true in this entry of aggregate`,
        ),
      );
      assert.deepEqual([tone, alarm], ['warning', false]);
      assert.match(
        (await page.locator('[role=status]').textContent()) ?? '',
        /direction certified, .+ % of updates conflict \(SGD with momentum\)\. mean, same seed: .+ %\. Remedy: set guard: true/,
      );
      assert.deepEqual(
        (await drawn(page, 'conflict-rate')).map(({ label, data }) => [label, data]),
        [
          ['pairs in conflict', line(updated.points, (p) => p.conflictRate)],
          ['groups in conflict with the mean', line(updated.points, (p) => p.meanConflictRate)],
          [
            'groups in conflict with the update',
            line(updated.points, (p) => p.updateConflictsWith),
          ],
        ],
      );
    });
  });

  test('what the badge means is reached by keyboard', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(updated));
      const help = page.locator('.certificate-help');
      assert.equal(await help.locator('p').isVisible(), false);
      await help.locator('summary').focus();
      await page.keyboard.press('Enter');
      assert.match(
        await seenText(help),
        /^What does this badge mean\?\s+The direction, which grain chose, conflicted with no group in any step\. What moves the parameters is the update that SGD, with momentum, makes of it/,
      );
    });
  });

  test('updates that a method does not measure leave the badge without green', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(layerwise));
      const { text, tone } = await certificateOf(page);
      assert.match(text, /^direction certified, updates not measured This step conflicts with no/);
      assert.equal(tone, 'unknown');
    });
  });

  test('a violated guarantee is an alarm, with its groups and steps', async () => {
    const steps = broken.points.slice(0, brokenAt);
    const breaking = steps.filter(({ guarantee }) => guarantee === 'violated');
    assert.ok(breaking.length > 0, 'the mean, called grain, conflicted with groups');
    const groups = Math.round(8 * steps.at(-1)!.conflictsWith!);
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(broken, brokenAt));
      const { text, tone, alarm } = await certificateOf(page);
      assert.ok(
        text.startsWith(
          `guarantee violated This step conflicts with ${groups} of 8 groups, although grain guarantees to conflict with none. ${breaking.length} of ${brokenAt} steps violated the guarantee.`,
        ),
        text,
      );
      assert.deepEqual([tone, alarm], ['bad', true]);
      const crosses = (await drawn(page, 'min-cosine'))[1]!;
      assert.equal(crosses.label, 'guarantee violated');
      assert.deepEqual(
        crosses.data.filter(({ y }) => y !== null),
        line(breaking, (p) => p.minCosine),
      );
      await send(page, conflictAppend(broken, brokenAt, 240));
      assert.equal((await certificateOf(page)).alarm, true, 'it stays');
    });
  });

  for (const { name, fixture } of [
    { name: 'the mean', fixture: mean },
    { name: 'pcgrad', fixture: pcgrad },
  ]) {
    test(`${name} guarantees nothing: no certificate, no gap, no alarm, but which groups it conflicts with`, async () => {
      const conflicting = fixture.points.filter((p) => p.conflictsWith! > 0);
      assert.ok(conflicting.length > 0);
      const worst = fixture.points.indexOf(conflicting.at(-1)!);
      const groups = Math.round(8 * conflicting.at(-1)!.conflictsWith!);
      await withPanel('conflict', async ({ page }) => {
        await send(page, conflictShow(fixture, worst + 1));
        const { text, tone, alarm } = await certificateOf(page);
        const { aggregator } = fixture.run;
        assert.ok(
          text.startsWith(
            `${fixture.runAt(worst + 1).guarantee.badge.text} This step conflicts with ${groups} of 8 groups; ${aggregator} gives no guarantee. ${conflicting.length} of ${worst + 1} steps conflicted with a group.`,
          ),
          text,
        );
        assert.match(text, /^no guarantee, \d+(\.\d)? % of updates conflict \(SGD\)/);
        assert.doesNotMatch(text, /certified|gap|Remedy/);
        assert.deepEqual([tone, alarm], ['outlined', false]);
        assert.equal((await drawn(page, 'min-cosine')).length, 1, 'no crosses');
        await page.locator('.data-table > summary').click();
        assert.doesNotMatch(await seenText(page.locator('thead').last()), /gap/);
      });
    });
  }

  test('a lost guarantee names its cause', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(smoothed));
      const { text, tone, alarm } = await certificateOf(page);
      assert.match(
        text,
        /^guarantee lost, .+ This step conflicts with .+ The guarantee of grain is lost: smoothing keeps 0\.9 of the previous step’s weights\. \d+ of 240 steps conflicted with a group\./,
      );
      assert.doesNotMatch(text, /certified|gap/);
      assert.deepEqual([tone, alarm], ['warning', false]);
    });
  });

  test('what streaming does not measure is a reason, not zeros', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(streaming));
      const { text, tone } = await certificateOf(page);
      assert.match(
        text,
        /^not measured Which groups this step conflicts with is unknown: gradients are computed one/,
      );
      assert.equal(tone, 'unknown');
      for (const id of ['min-cosine', 'conflict-matrix', 'conflict-rate', 'norm-ratio']) {
        assert.match(
          await seenText(page.locator(`.figure-${id}`)),
          /Not measured: gradients are computed one after another, so their inner products are unknown\.$/,
        );
        assert.equal(await page.locator(`#${id}`).isVisible(), false);
      }
      for (const { data } of await drawn(page, 'conflict-rate')) {
        assert.ok(data.length === 120 && data.every(({ y }) => y === null));
      }
      await send(page, conflictShow(grain));
      assert.ok(await page.locator('#min-cosine').isVisible(), 'drawn again');
    });
  });

  test('a direction that is zero is stationary', async () => {
    assert.ok(halted.points.at(-1)!.stationary);
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(halted));
      const { text, tone } = await certificateOf(page);
      assert.match(
        text,
        /^stationary, no update conflicts The direction is zero to rounding: no direction improves/,
      );
      assert.equal(tone, 'still');
    });
  });

  test('the method: title and metric at once, guarantee and reference on demand, by keyboard', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(preconditioned));
      const method = page.locator('.method');
      const { title, guarantee } = preconditioned.run.method!;
      const summary = (await seenText(method)).replace(/\s+/g, ' ');
      assert.equal(
        summary,
        `${title} guaranteed to conflict with no group · preconditioned metric`,
      );
      assert.match(
        (await certificateOf(page)).text,
        /conflicts with no group in the preconditioned metric/,
      );
      await method.locator('summary').focus();
      await page.keyboard.press('Enter');
      const details = await seenText(method);
      assert.ok(details.includes(guarantee), details);
      assert.match(details, /include the optimizer’s rescaling P of each coordinate/);
      assert.equal(
        await method.getByText('arXiv:2606.22917').getAttribute('href'),
        'https://arxiv.org/abs/2606.22917',
      );
      await page.screenshot({
        path: path.join(screenshots, 'conflict-method.png'),
        fullPage: true,
        caret: 'initial',
      });
      await send(page, conflictShow({ ...grain, runAt: () => ({ ...grain.run, method: null }) }));
      assert.match(await seenText(method), /^grain guarantee unknown/);
    });
  });

  test('cosines that are not defined stay empty', async () => {
    await withPanel('conflict', async ({ page }) => {
      const now = {
        step: 1,
        groupNames: ['a', 'b'],
        cosines: [
          [1, null],
          [null, null],
        ],
      };
      await send(page, { ...(await conflictShow(grain)), now });
      assert.deepEqual(
        (await drawn(page, 'conflict-matrix'))[0]?.data.map(({ v }) => v),
        [1, null, null, null],
      );
      await send(page, {
        ...(await conflictShow(grain)),
        run: grain.runAt(0),
        latest: [],
        now: null,
      });
      assert.equal((await drawn(page, 'conflict-matrix'))[0]?.data.length, 0);
      assert.match(await seenText(page.locator('.certificate')), /no step yet/);
    });
  });
});
