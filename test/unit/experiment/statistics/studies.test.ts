import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { gaussian } from '../../../../src/engine/gaussian.ts';
import { keyedRandom } from '../../../../src/engine/keyedRandom.ts';
import { studiesOf } from '../../../python/studies.ts';

const random = keyedRandom('studies', Number(process.env.FAST_CHECK_SEED ?? 0));
const normal = gaussian(() => uniformFloat64(random));

test('figures are those of ictonyx, rliable and deepsig', async () => {
  const pairs = Array.from({ length: 8 }, (_, i) => {
    const n = 6 + 2 * i;
    const values = () => Array.from({ length: n }, normal);
    return [values(), values()] as const;
  });
  for (const [i, figures] of (await studiesOf(pairs)).entries()) {
    // rliable's resamples are random, so that its percentiles may be a run off.
    const run = 1.01 / pairs[i]![0].length;
    // deepsig's sum over a grid leaves out the lowest quantile; of ε, both sides have random samples.
    const tolerances: Record<string, number> = {
      ...{ 'violation ratio': 0.03, ε: 0.12 },
      // scipy's quantiles of the normal distribution are approximate.
      'p of Shapiro–Wilk, of the one': 1e-7,
      ...{ 'its band, from': run, 'its band, to': run },
    };
    for (const { figure, ours, theirs } of figures) {
      const isSame = Math.abs(ours - theirs) <= (tolerances[figure] ?? 1e-9);
      assert.ok(isSame, `${figure}: ${ours} is not ${theirs}`);
    }
  }
});
