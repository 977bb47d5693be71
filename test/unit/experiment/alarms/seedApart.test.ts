import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { judgeSeeds } from '../../../../src/experiment/alarms/seedApart.ts';
import { logSiblingAlarms } from '../../../../src/experiment/alarms/siblingAlarms.ts';
import { EventWriter } from '../../../../src/runs/eventWriter.ts';
import { takeOwnership } from '../../../../src/runs/owner.ts';
import { RunStore } from '../../../../src/runs/store.ts';
import { manifestOf } from '../../runs/manifest.ts';
import { validationOf } from './streams.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-siblings-'));
after(() => rmSync(root, { recursive: true }));

const store = new RunStore(root);

const accuracy = { name: 'accuracy', better: 'higher' } as const;
/** Which of the seeds are apart; null where there are too few. */
const apartIn = (
  lasts: readonly number[],
  metric: Parameters<typeof judgeSeeds>[0] = accuracy,
  first = 0.2,
) =>
  judgeSeeds(
    metric,
    lasts.map((last) => ({ first, last })),
  ).map((found) => (found === undefined ? null : found !== null));

test('a seed that lacks half of what three others learnt is apart', () => {
  assert.deepEqual(apartIn([0.8, 0.82, 0.79, 0.25]), [false, false, false, true]);
  assert.deepEqual(apartIn([0.8, 0.82, 0.79, 0.55]), [false, false, false, false], 'not half');
  assert.deepEqual(apartIn([0.8, 0.82, 0.25]), [null, null, null], 'too few');
  assert.deepEqual(apartIn([0.8, 0.25, 0.82, 0.79, Number.NaN]).filter(Boolean).length, 2);
  assert.deepEqual(apartIn([0.8, 0.82, 0.79, 2]), [false, false, false, false], 'a better one');
});

test('seeds that agree on nothing are not apart, nor where nothing was learnt', () => {
  assert.ok(!apartIn([0.1, 0.4, 0.7, -0.1, 0.55]).includes(true));
  assert.ok(!apartIn([0.21, 0.19, 0.2, 0.18, 0.2]).includes(true));
});

test('of a loss the lower is better', () => {
  const loss = { name: 'loss', better: 'lower' } as const;
  assert.deepEqual(apartIn([0.3, 0.31, 0.29, 1.6], loss, 1.7), [false, false, false, true]);
});

test('neither scale nor order of the metric matters, and no seed is apart from equals', () => {
  const lasts = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: 4,
    maxLength: 9,
  });
  fc.assert(
    fc.property(lasts, (values) => {
      const found = apartIn(values);
      const lower = apartIn(
        values.map((value) => -8 * value),
        { name: 'loss', better: 'lower' },
        -1.6,
      );
      assert.deepEqual(lower, found);
      assert.deepEqual(apartIn(values.toReversed()), found.toReversed());
      assert.ok(!apartIn(values.map(() => values[0]!)).includes(true));
    }),
  );
});

/** A finished run of an experiment, without steps. */
async function finished(seed: number, last: number, owned = false): Promise<string> {
  const manifest = manifestOf(`run-seed${seed}`, {
    metric: accuracy,
    seed: { init: seed, order: seed },
  });
  const { path: folder } = store.create(manifest);
  const ownership = await takeOwnership(folder);
  const writer = EventWriter.open(folder);
  writer.append({ kind: 'start', at: 1, pid: 1, fromStep: 0 });
  writer.append(validationOf(0, { metrics: { accuracy: 0.2 } }));
  writer.append(validationOf(300, { metrics: { accuracy: last } }));
  writer.append({ kind: 'end', at: 2, step: 300, status: 'finished' });
  writer.close();
  if (!owned) ownership.release();
  return folder;
}

const alarmsOf = async (seed: number) => {
  const runs = await store.list();
  return runs
    .find(({ manifest }) => manifest.seed.init === seed)!
    .alarms.map(({ rule, clearedAt }) => [rule, clearedAt !== null]);
};

test('the alarm goes into the log of the run, even if the others end later, and once', async () => {
  const folders = [await finished(0, 0.22), await finished(1, 0.8), await finished(2, 0.81)];
  for (const folder of folders) assert.deepEqual(await logSiblingAlarms(store, folder), []);
  const fourth = await finished(3, 0.79);
  const logged = await logSiblingAlarms(store, fourth);
  assert.deepEqual(
    logged.map(({ run, event }) => [run.manifest.seed.init, event.state]),
    [[0, 'raised']],
  );
  assert.deepEqual(await alarmsOf(0), [['seed-apart', false]]);
  assert.deepEqual(await logSiblingAlarms(store, fourth), []);
  const runs = await store.list();
  assert.ok(runs.every(({ status }) => status === 'finished'));
});

test('it is over once as many seeds are like it, unless another process owns the run', async () => {
  const last = [await finished(4, 0.21), await finished(5, 0.23), await finished(6, 0.22)].at(-1)!;
  const ownership = await takeOwnership(path.join(path.dirname(last), 'run-seed0'));
  assert.deepEqual(await logSiblingAlarms(store, last), []);
  ownership.release();
  await logSiblingAlarms(store, last);
  assert.deepEqual(await alarmsOf(0), [['seed-apart', true]]);
});
