import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { agreementOf } from '../../../src/experiment/agreementFindings.ts';
import { ExampleTable, type Selection } from '../../../src/experiment/predictions/exampleTable.ts';
import { confusionOf, scatterOf } from '../../../src/experiment/predictions/pictures.ts';
import {
  readPrediction,
  readRunPredictions,
  Vocabulary,
} from '../../../src/experiment/predictions/runPredictions.ts';
import { agreementIn } from '../../../src/experiment/predictions/tableAgreement.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import type { Prediction } from '../../../src/runs/predictions.ts';
import { summary } from '../extension/fixtures.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-predictions-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** A run's folder with its predictions. */
function folderOf(predictions: readonly unknown[]): string {
  const folder = mkdtempSync(path.join(root, 'run-'));
  writeFileSync(
    runFile(folder, 'predictions'),
    predictions.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
  return folder;
}

async function tableOf(...runs: readonly (readonly Prediction[])[]): Promise<ExampleTable> {
  const vocabulary = new Vocabulary();
  const seeds = await Promise.all(
    runs.map(async (run, seed) => {
      const folder = folderOf(run);
      const predictions = await readRunPredictions(folder, vocabulary, '####');
      return { seed: String(seed), folder, predictions: predictions! };
    }),
  );
  return new ExampleTable(seeds, vocabulary);
}

/** Of the classes a, b and c; the probability of the predicted one is `sure`. */
function classes(targets: string, predicted: string, sure = 0.8): Prediction[] {
  return [...targets].map((target, i) => {
    const prediction = predicted[i] === '-' ? null : predicted[i]!;
    const chance = (name: string) => (name === prediction ? sure : (1 - sure) / 2);
    const probabilities = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, chance(name)]));
    return { index: 10 * i, target, prediction, probabilities };
  });
}

const everything: Selection = {
  only: 'all',
  target: null,
  prediction: null,
  group: null,
  sort: { by: 'index', descending: false },
};
const noGroup = () => null;

describe('classes', () => {
  const one = classes('aabbcc', 'aabbca', 0.9);
  const other = classes('aabbcc', 'abbbc-', 0.6);

  test('what is wrong for some seed, for all, and on what seeds differ', async () => {
    const table = await tableOf(one, other);
    const view = table.view(null);
    const indices = (change: Partial<Selection>) =>
      Array.from(view.select({ ...everything, ...change }, noGroup), (i) => table.indices[i]);
    assert.deepEqual(indices({ only: 'wrong' }), [10, 50]);
    assert.deepEqual(indices({ only: 'alwaysWrong' }), [50]);
    assert.deepEqual(indices({ only: 'disputed' }), [10, 50]);
    assert.deepEqual(view.counts, { wrong: 2, alwaysWrong: 1, disputed: 2 });
    assert.deepEqual(indices({ target: 'a', prediction: 'b' }), [10]);
    const [second] = table.seeds.slice(1);
    assert.deepEqual(table.view('1').counts, { wrong: 2, alwaysWrong: 2, disputed: 2 });
    assert.equal((await readPrediction(second!.folder, second!.predictions, 5))!.prediction, null);
  });

  test('sorted by loss, agreement and group; what is not known comes last', async () => {
    const table = await tableOf(one, other);
    const view = table.view('1');
    const places = (by: Selection['sort']['by'], descending: boolean) =>
      Array.from(
        view.select({ ...everything, sort: { by, descending } }, (index) =>
          index === 0 ? null : index > 20 ? 'x' : 'y',
        ),
      );
    // −ln 0.2 where it is wrong, −ln 0.6 where it is right.
    assert.deepEqual(places('loss', true), [1, 5, 0, 2, 3, 4]);
    assert.deepEqual(places('group', false), [3, 4, 5, 1, 2, 0]);
    assert.deepEqual(places('group', true), [1, 2, 3, 4, 5, 0]);
    assert.deepEqual(places('prediction', true), [4, 1, 2, 3, 0, 5]);
  });

  test('the confusion matrix counts all seeds, and no missing prediction', async () => {
    const { counts, mistakes } = confusionOf((await tableOf(one, other)).view(null));
    assert.deepEqual(counts, [
      [3, 1, 0],
      [0, 4, 0],
      [1, 0, 2],
    ]);
    assert.deepEqual(mistakes, [
      { target: 'a', prediction: 'b', count: 1 },
      { target: 'c', prediction: 'a', count: 1 },
    ]);
  });

  test('agreement of runs, as the report has it; a run on other examples is left out', async () => {
    const runs = [one, other, classes('abc', 'abc')].map((predictions, seed) => ({
      ...summary({ seed }),
      folder: folderOf(predictions),
    }));
    const agreement = await agreementIn(runs);
    assert.deepEqual(agreement, {
      runs: 2,
      examples: 6,
      churn: 2 / 6,
      seeds: ['0', '1'],
      matrix: [
        [0, 2 / 6],
        [2 / 6, 0],
      ],
      unanimous: 4 / 6,
      disputed: [
        {
          index: 10,
          target: 'a',
          answers: [
            { answer: 'a', runs: 1 },
            { answer: 'b', runs: 1 },
          ],
        },
        {
          index: 50,
          target: 'c',
          answers: [
            { answer: 'a', runs: 1 },
            { answer: null, runs: 1 },
          ],
        },
      ],
    });
    assert.equal(await agreementIn(runs.slice(0, 1)), null);
  });
});

test('generated answers are compared by what follows the marker', async () => {
  const answers = (said: string): Prediction[] => [
    { index: 0, target: 'so\n#### 3', prediction: said, correct: said.endsWith('3') },
  ];
  const table = await tableOf(answers('one way #### 3'), answers('another #### 3'));
  assert.deepEqual(table.view(null).counts, { wrong: 0, alwaysWrong: 0, disputed: 0 });
  const torn = await tableOf(answers('one way #### 3'), answers('no marker'));
  assert.equal(torn.view(null).counts.disputed, 1);
  // As the report compares them.
  for (const [said, churn] of [
    ['another #### 3', 0],
    ['no marker', 1],
  ] as const) {
    const seeds = new Map(
      [answers('one way #### 3'), answers(said)].map((run, seed) => [`${seed}`, run]),
    );
    const agreement = agreementOf('grain', seeds, '####');
    assert.equal(agreement?.churn, churn);
    assert.deepEqual(
      agreement.disputed.map(({ target }) => target),
      churn ? ['3'] : [],
    );
  }
});

test('values: means, spread, and squares that lose no example', async () => {
  const values = (shift: number): Prediction[] =>
    Array.from({ length: 5000 }, (_, index) => {
      const target = Math.sin(index);
      const outlier = index === 4321 ? 7 : 0;
      return { index, target, prediction: index === 7 ? null : target + shift + outlier };
    });
  const view = (await tableOf(values(0.1), values(0.3))).view(null);
  assert.ok(Math.abs(view.predictions[2]! - (Math.sin(2) + 0.2)) < 1e-12);
  assert.ok(Math.abs(view.spread[2]! - 0.2 / Math.SQRT2) < 1e-12);
  assert.ok(Math.abs(view.losses[2]! - (0.01 + 0.09) / 2) < 1e-12);
  const { square, points } = scatterOf(view);
  assert.ok(square > 0 && points.length < 1000);
  assert.equal(
    points.reduce((sum, { examples }) => sum + examples, 0),
    4999,
    'all but the one without a prediction',
  );
  assert.equal(points.toSorted((a, b) => b.prediction - a.prediction)[0]!.index, 4321);
});

test('lines of another trainer are no predictions', async () => {
  const vocabulary = new Vocabulary();
  assert.equal(await readRunPredictions(folderOf([{ index: 0, mine: 1 }]), vocabulary), null);
  assert.equal(await readRunPredictions(mkdtempSync(path.join(root, 'none-')), vocabulary), null);
  const mixed = [...classes('a', 'a'), { index: 1, target: 2, prediction: 3 }];
  assert.equal(await readRunPredictions(folderOf(mixed), vocabulary), null);
});
