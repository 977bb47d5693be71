import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { StreamingMinNorm } from '../../../src/engine/aggregators/grainStreaming.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import { samples } from './families.ts';
import { combine, distance, dot, norm } from './vectors.ts';

test('holding d alone gives what the Gram matrix gives; d does not conflict with an arriving gradient', () => {
  fc.assert(
    fc.property(samples(), ({ rows }) => {
      const stream = new StreamingMinNorm();
      let d = new Float64Array(rows[0]!.length);
      let longest = 0;
      for (const g of rows) {
        longest = Math.max(longest, norm(g));
        const t = stream.arrive({ dd: dot(d, d), dg: dot(d, g), gg: dot(g, g) });
        assert.ok(t >= 0 && t <= 1);
        const before = norm(d);
        d = d.map((x, j) => (1 - t) * x + t * g[j]!);
        assert.ok(dot(d, g) >= dot(d, d) - 1e-12 * longest * norm(g));
        if (stream.weights.length > 1) assert.ok(norm(d) <= before + 1e-12 * longest);
      }
      const { weights, warnings } = aggregate({ gram: gramOf(rows) }, 'grain-streaming');
      assert.ok(distance(combine(rows, weights), d) <= 1e-7 * longest);
      assert.ok(!warnings.some(({ code }) => code === 'not-optimal'));
    }),
    { numRuns: 200 },
  );
});

test('two gradients: the shortest vector between them', () => {
  fc.assert(
    fc.property(samples(undefined, 2), ({ rows }) => {
      const gram = gramOf(rows.slice(0, 2));
      const { norm2, gap } = aggregate({ gram }, 'grain-streaming');
      const longest = Math.max(...rows.map(norm));
      assert.ok(Math.abs(norm2 - aggregate({ gram }, 'grain').norm2) <= 1e-13 * longest ** 2);
      assert.ok(gap <= 1e-10 * norm2 + 1e-13 * longest ** 2);
    }),
    { numRuns: 200 },
  );
});

test('equal and zero vectors move nothing', () => {
  const stream = new StreamingMinNorm();
  assert.equal(stream.arrive({ dd: 0, dg: 0, gg: 4 }), 1);
  assert.equal(stream.arrive({ dd: 4, dg: 4, gg: 4 }), 0);
  assert.equal(stream.arrive({ dd: 0, dg: 0, gg: 1 }), 0);
  assert.deepEqual(stream.weights, [1, 0, 0]);
});
