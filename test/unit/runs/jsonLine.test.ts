import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { EventWriter } from '../../../src/runs/eventWriter.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import { jsonLine } from '../../../src/runs/jsonLine.ts';
import { type Prediction, readPredictions } from '../../../src/runs/predictions.ts';
import { writePredictions } from '../../../src/training/objective/predictions.ts';

/** Where Python's `str.splitlines` splits. */
const ENDS = '\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029';
const ANY_LINE_END = new RegExp(`[${ENDS}]`);
const NAME = `a${ENDS}z`;

test('a value stays one line for every reader, and is read as it was', () => {
  const line = jsonLine({ [NAME]: NAME });
  const [text, ...rest] = line.split(ANY_LINE_END);
  assert.deepEqual(rest, ['']);
  assert.deepEqual(JSON.parse(text!), { [NAME]: NAME });
});

test('so do the lines of a run', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'grain-'));
  t.after(() => rm(folder, { recursive: true }));
  const prediction: Prediction = {
    ...{ index: 0, target: NAME, prediction: NAME },
    probabilities: { [NAME]: 1 },
  };
  await writePredictions(folder, [prediction, prediction]);
  const writer = EventWriter.open(folder);
  for (const step of [1, 2]) writer.append({ kind: 'warning', at: 0, step, message: NAME });
  writer.close();

  for (const file of ['predictions', 'events'] as const) {
    const text = await readFile(runFile(folder, file), 'utf8');
    assert.equal(text.split(ANY_LINE_END).length, 3, file);
  }
  assert.deepEqual(await readPredictions(folder), [prediction, prediction]);
});
