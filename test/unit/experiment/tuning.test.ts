import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { findingsOf } from '../../../src/experiment/findings.ts';
import { bestRates } from '../../../src/experiment/tuning.ts';

type Value = number | null;

const tried = (
  rate: number,
  values: Readonly<Record<string, Value | readonly Value[]>>,
  better = 'higher',
) => {
  const results = Object.entries(values).flatMap(([method, of]) =>
    [of].flat().map((value: Value, seed) => ({
      ...{ run: `${method} ${rate} ${seed}`, method, seed: String(seed), counts: true },
      ...{ status: 'finished' as const, failed: value === null, reason: null, value },
    })),
  );
  const about = { metric: 'm', constantPredictor: null, isCrossed: false, looks: null } as const;
  return {
    rate,
    findings: findingsOf({ ...about, better: better as 'higher', results, validation: null }),
  };
};

test('every method has its own best rate; of equal ones the smaller, and the edge is named', () => {
  const values = [
    tried(0.1, { grain: 0.7, mean: 0.9, other: null }),
    tried(0.2, { grain: 0.8, mean: 0.9, other: 0.2 }),
    tried(0.3, { grain: 0.8, mean: 0.1, other: 0.3 }),
  ];
  assert.deepEqual(bestRates(values), [
    { method: 'grain', rate: 0.2, isAtEdge: false },
    { method: 'mean', rate: 0.1, isAtEdge: true },
    { method: 'other', rate: 0.3, isAtEdge: true },
  ]);
  const lower = [tried(1, { grain: 3 }, 'lower'), tried(2, { grain: 2 }, 'lower')];
  assert.equal(bestRates(lower)[0]!.rate, 2);
});

test('a rate with which seeds diverged is not better for it', () => {
  const values = [tried(0.1, { grain: [0.6, 0.7] }), tried(1, { grain: [null, 0.9] })];
  assert.equal(bestRates(values)[0]!.rate, 0.1);
});

test('controls join the methods, each once', () => {
  const data = 'data: { train: a.csv, validation: b.csv, target: y }\ncontrols: true';
  const names = (more: string) => parseConfig(`${data}\n${more}`, 'grain.yaml').config.aggregate;
  assert.deepEqual(names('aggregate: [grain]'), [
    ...['grain', 'mean', 'mean-norm-matched', 'inverse-norm', 'normalized-mean'],
  ]);
  assert.deepEqual(names('aggregate: [inverse-norm, mean, { name: normalized-mean }]'), [
    ...['inverse-norm', 'mean'],
    { name: 'normalized-mean', metric: 'euclidean', smoothing: 0, guard: false },
    'mean-norm-matched',
  ]);
});
