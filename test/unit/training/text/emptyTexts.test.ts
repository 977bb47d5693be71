import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { writeTinyBert } from '../tinyCheckpoint.ts';
import { trainerOf } from '../trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-empty-'));
before(() => writeTinyBert(path.join(folder, 'bert')));
after(() => rmSync(folder, { recursive: true }));

test('empty texts are told of once a file, and trained on', async () => {
  writeFileSync(path.join(folder, 'train.tsv'), 'one\ttwo\tanswer\nw1\t\tyes\n\tw2\tno\n');
  writeFileSync(path.join(folder, 'dev.tsv'), 'one\ttwo\tanswer\nw1\tw3\tyes\nw4\t\tno\n');
  const config = `model: { from: ./bert }
data: { train: train.tsv, validation: dev.tsv, text: [one, two], target: answer }
groups: { count: 2 }
batchSize: 2
evaluateExamples: 1
device: cpu`;
  const { trainer, session, close } = await trainerOf(folder, config, 'mean');
  const used = 'their examples are used with what the other texts say';
  assert.deepEqual(session.task.warnings, [
    `train.tsv: empty texts: 2, the first in line 2, column "two"; ${used}`,
    `dev.tsv: empty texts: 1, the first in line 3, column "two"; ${used}`,
  ]);
  const { losses } = (await trainer.step(1)).facts;
  assert.ok(losses.every(Number.isFinite));
  await close();
});
