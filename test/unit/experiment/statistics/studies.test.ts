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
  for (const { figure, ours, theirs } of (await studiesOf(pairs)).flat()) {
    // deepsig's sum over a grid leaves out the lowest quantile; of ε, both sides have random samples.
    const tolerance = { 'violation ratio': 0.03, ε: 0.12 }[figure] ?? 1e-9;
    assert.ok(Math.abs(ours - theirs) <= tolerance, `${figure}: ${ours} is not ${theirs}`);
  }
});
