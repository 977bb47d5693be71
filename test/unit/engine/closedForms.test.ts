import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregate } from '../../../src/engine/aggregate.ts';
import type { AggregatorName, ProblemOptions } from '../../../src/engine/types.ts';

/** Small hand-computed cases; Gram matrices where they are simpler than gradients. */

type Case = [
  what: string,
  gram: readonly (readonly number[])[],
  weights: readonly number[],
  options?: ProblemOptions,
];

const orthonormal = [
  [1, 0],
  [0, 1],
];
/** (1, 0) and (−1, 1): cosine −1/√2. */
const conflicting = [
  [1, -1],
  [-1, 2],
];
/** (1, 0) and (2, 1). */
const agreeing = [
  [1, 2],
  [2, 5],
];
/** Orthogonal, of lengths 1, 2, 4. */
const lengths = [
  [1, 0, 0],
  [0, 4, 0],
  [0, 0, 16],
];
const sizes = { sizes: [3, 1] };

const cases: Partial<Record<AggregatorName, Case[]>> = {
  mean: [
    ['whatever the angles', conflicting, [1 / 2, 1 / 2]],
    ['by size', conflicting, [3 / 4, 1 / 4], sizes],
  ],
  grain: [
    // min ‖(w − (1−w), 1−w)‖² = (2w−1)² + (1−w)²: w = 3/5.
    ['conflict', conflicting, [3 / 5, 2 / 5]],
    ['orthogonal: by 1/‖g‖²', lengths, [16 / 21, 4 / 21, 1 / 21]],
    ['the shorter one alone where it lies on the other’s way', agreeing, [1, 0]],
  ],
  'grain-normalized': [
    // Two unit vectors weigh the same whatever their angle; the mean length is (1 + √2)/2.
    ['conflict', conflicting, [(1 + Math.SQRT2) / 4, (1 + Math.SQRT2) / 4 / Math.SQRT2]],
    [
      'by size, the mean length alone',
      conflicting,
      [(3 + Math.SQRT2) / 8, (3 + Math.SQRT2) / 8 / Math.SQRT2],
      sizes,
    ],
    ['orthogonal: by 1/‖g‖', lengths, [7 / 9, 7 / 18, 7 / 36]],
    [
      'neither alone where they agree',
      agreeing,
      [(1 + Math.sqrt(5)) / 4, (1 + Math.sqrt(5)) / 4 / Math.sqrt(5)],
    ],
  ],
  'grain-streaming': [
    ['two gradients: GRAIN', conflicting, [3 / 5, 2 / 5]],
    ['orthogonal, one by one: GRAIN again', lengths, [16 / 21, 4 / 21, 1 / 21]],
    [
      'order matters: the third is weighed against the mean of the first two',
      [
        [1, 1 / 2, 1 / 4],
        [1 / 2, 1, 1 / 4],
        [1 / 4, 1 / 4, 1],
      ],
      // ‖d‖² = ¾, ⟨d, g₃⟩ = ¼: t = (¾ − ¼)/(¾ + 1 − ½) = 2/5.
      [3 / 10, 3 / 10, 2 / 5],
    ],
  ],
  upgrad: [
    ['no conflict: the mean', agreeing, [1 / 2, 1 / 2]],
    // g₁ onto g₂’s half-space: g₁ + ½g₂; g₂ onto g₁’s: g₂ + g₁.
    ['two in conflict: each onto the other’s half-space', conflicting, [1, 3 / 4]],
    ['by size', conflicting, [3 / 4 + 1 / 4, 3 / 8 + 1 / 4], sizes],
    // (1, 0), (−1, 1) and (−1, −1): only 0 serves all three, so every projection is 0 = 2g₁ + g₂ + g₃ up to a factor.
    [
      'no direction improves all groups: d = 0',
      [
        [1, -1, -1],
        [-1, 2, 0],
        [-1, 0, 2],
      ],
      // g₁ = −½(g₂ + g₃): w = 1, ½, ½; g₂ = −2g₁ − g₃: 2, 1, 1; likewise g₃; a third of the sum.
      [5 / 3, 5 / 6, 5 / 6],
    ],
  ],
  pcgrad: [
    ['no conflict: the mean', agreeing, [1 / 2, 1 / 2]],
    ['two in conflict: UPGrad', conflicting, [1, 3 / 4]],
    ['by size', conflicting, [1, 5 / 8], sizes],
  ],
  gradvac: [
    ['no conflict at the first step: the mean', agreeing, [1 / 2, 1 / 2]],
    ['conflict at the first step: PCGrad', conflicting, [1, 3 / 4]],
    // Target ½ for unit vectors at a right angle: g₁' = g₁ + g₂/√3, as cos 60° is reached at tan 30° along g₂.
    [
      'turned to the remembered cosine',
      orthonormal,
      [(1 + 1 / Math.sqrt(3)) / 2, (1 + 1 / Math.sqrt(3)) / 2],
      { memory: { groups: [0, 1], state: [0, 1 / 2, 1 / 2, 0] } },
    ],
  ],
  cagrad: [
    // By symmetry g_w is the mean: d = (1 + ½)ḡ.
    ['symmetric: the mean, longer by c', orthonormal, [3 / 4, 3 / 4]],
    // ḡ = (3/2, 1/2), and the ball's best for the first alone, d = ḡ + ‖ḡ‖/2·g₁, serves the other more.
    ['one group is worst all over the ball', agreeing, [1 / 2 + Math.sqrt(10) / 4, 1 / 2]],
  ],
  'aligned-mtl': [
    ['orthonormal: the mean', orthonormal, [1 / 2, 1 / 2]],
    ['orthogonal: all as short as the shortest', lengths, [1 / 3, 1 / 6, 1 / 12]],
    // Eigenvalues 3/2 along (1, 1) and 1/2 across: the mean lies along (1, 1), shortened by √(½ / 3/2).
    [
      'two at 60°',
      [
        [1, 1 / 2],
        [1 / 2, 1],
      ],
      [1 / (2 * Math.sqrt(3)), 1 / (2 * Math.sqrt(3))],
    ],
    [
      'twice the same gradient: rank 1, nothing to align',
      [
        [1, 1],
        [1, 1],
      ],
      [1 / 2, 1 / 2],
    ],
  ],
  'imtl-g': [
    ['orthogonal: by 1/‖g‖', lengths, [4 / 7, 2 / 7, 1 / 7]],
    // (1, 0) and (0, 2) turned: any two have the bisector, weights by 1/‖g‖.
    [
      'two at any angle: by 1/‖g‖',
      [
        [1, -1],
        [-1, 4],
      ],
      [2 / 3, 1 / 3],
    ],
    // C⁻¹1 = (2, 2, −2) for cosines ¼, ¾, ¾; lengths 1, 1, 1/4 give v = (2, 2, −8), of sum −4.
    [
      'the direction may go against every group',
      [
        [1, 1 / 4, 3 / 16],
        [1 / 4, 1, 3 / 16],
        [3 / 16, 3 / 16, 1 / 16],
      ],
      [-1 / 2, -1 / 2, 2],
    ],
    // The same with lengths 1, 1, 1/2: v = (2, 2, −4), of sum 0.
    [
      'no direction where the weights would be infinite',
      [
        [1, 1 / 4, 3 / 8],
        [1 / 4, 1, 3 / 8],
        [3 / 8, 3 / 8, 1 / 4],
      ],
      [0, 0, 0],
    ],
  ],
  'nash-mtl': [
    // Hα = 1/α: α = 1/‖g‖, d the sum of the unit vectors, of length √3 before it is cut to 1.
    [
      'orthogonal: the sum of unit vectors, of length 1',
      lengths,
      [1 / Math.sqrt(3), 1 / (2 * Math.sqrt(3)), 1 / (4 * Math.sqrt(3))],
    ],
    [
      'opposite gradients: no bargain',
      [
        [1, -1],
        [-1, 1],
      ],
      [0, 0],
    ],
  ],
  'mean-norm-matched': [
    // ‖g*‖² = 1/5, ‖ḡ‖² = 1/4.
    ['conflict', conflicting, [1 / Math.sqrt(5), 1 / Math.sqrt(5)]],
    [
      'equal gradients: the mean',
      [
        [1, 1],
        [1, 1],
      ],
      [1 / 2, 1 / 2],
    ],
  ],
  'inverse-norm': [
    ['whatever the angles', conflicting, [2 / 3, 1 / 3]],
    ['orthogonal: GRAIN', lengths, [16 / 21, 4 / 21, 1 / 21]],
  ],
  'normalized-mean': [
    ['by 1/‖g‖', lengths, [1 / 3, 1 / 6, 1 / 12]],
    ['by size', orthonormal, [3 / 4, 1 / 4], sizes],
  ],
};

for (const [name, ofOne] of Object.entries(cases) as [AggregatorName, Case[]][]) {
  for (const [what, gram, weights, options = {}] of ofOne) {
    test(`${name}: ${what}`, () => {
      const answer = aggregate({ gram: Float64Array.from(gram.flat()), ...options }, name);
      for (const [i, expected] of weights.entries()) {
        assert.ok(Math.abs(answer.weights[i]! - expected) < 1e-12, `${answer.weights}`);
      }
    });
  }
}

test('imtl-g: a direction against every group is not hidden', () => {
  const gram = [1, 1 / 4, 3 / 16, 1 / 4, 1, 3 / 16, 3 / 16, 3 / 16, 1 / 16];
  const { minCosine, warnings } = aggregate({ gram: Float64Array.from(gram) }, 'imtl-g');
  assert.ok(minCosine < 0);
  assert.deepEqual(
    warnings.map(({ code, groups }) => [code, groups]),
    [['conflict', [0, 1, 2]]],
  );
});

test('nash-mtl: uncut, the sum of unit vectors for orthogonal gradients', () => {
  const gram = Float64Array.from(lengths.flat());
  const { weights } = aggregate({ gram }, { name: 'nash-mtl', parameters: { maxNorm: 0 } });
  assert.ok([1, 1 / 2, 1 / 4].every((weight, i) => Math.abs(weights[i]! - weight) < 1e-14));
});
