import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import type { AggregateEntry } from '../../../../src/config/aggregation.ts';
import { unpackGram } from '../../../../src/engine/gram.ts';
import type { StepEvent } from '../../../../src/runs/events.ts';
import { closeSession } from '../../../../src/training/session.ts';
import { ringsOf } from '../../../integration/rings.ts';
import { sessionOf, trainerIn, trainerOf } from '../trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-guard-'));
writeFileSync(path.join(folder, 'rings.csv'), ringsOf(60));
after(() => rmSync(folder, { recursive: true }));

const STEPS = 190;
const optimizers = {
  sgd: '{ name: sgd, learningRate: 0.5 }',
  'sgd with momentum and decay':
    '{ name: sgd, learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }',
  'sgd with momentum and clipping':
    '{ name: sgd, learningRate: 0.5, momentum: 0.9, maxGradNorm: 0.02 }',
  adamw: '{ name: adamw, learningRate: 0.01 }',
  'adamw with decay and a schedule':
    '{ name: adamw, learningRate: 0.02, weightDecay: 0.1, warmup: 0.1, decay: cosine }',
  'adamw with clipping': '{ name: adamw, learningRate: 0.01, maxGradNorm: 0.02 }',
};

const entry = { metric: 'euclidean', smoothing: 0, guard: true } as const;

type Facts = Omit<StepEvent, 'kind' | 'at'>;

/** The first steps with each of the aggregators. */
async function factsOfRuns(
  entries: readonly AggregateEntry[],
  optimizer: string,
  device: string,
  steps = STEPS,
): Promise<Facts[][]> {
  const config = `model: { hidden: [] }
data: { train: rings.csv, validation: rings.csv, target: ring }
groups: { count: ${device === 'cpu' ? 3 : 2} }
optimizer: ${optimizer}
batchSize: 12
steps: ${steps}
device: ${device}`;
  const session = await sessionOf(folder, config);
  const runs = [];
  for (const of of entries) {
    const trainer = await trainerIn(session, of);
    const all = [];
    for (let step = 1; step <= steps; step++) all.push((await trainer.step(step)).facts);
    trainer.dispose();
    runs.push(all);
  }
  await closeSession(session);
  return runs;
}

/** Groups that a step's actual update makes worse, by more than float32 loses of the parameters. */
function conflictsOf({ groups, gram, update, guard }: Facts, slack = 0): number[] {
  const k = groups.length;
  const products = unpackGram(gram!, k);
  // An allowance is a share of what the optimizer proposed.
  const length = Math.sqrt((guard?.proposed ?? update!).norm2!);
  return groups.flatMap((_, i) => {
    const norm = Math.sqrt(products[i * k + i]!);
    const rounding = update!.rounding! * norm;
    return update!.inner[i]! < -slack * length * norm - rounding ? [i] : [];
  });
}

describe('a guarded update', () => {
  let steps = 0;
  const corrected = new Map<string, number>();
  const clipped = new Map<string, number>();
  const count = (all: Map<string, number>, title: string) =>
    all.set(title, (all.get(title) ?? 0) + 1);

  for (const device of ['cpu', 'wasm']) {
    for (const [title, optimizer] of Object.entries(optimizers)) {
      test(`conflicts with no group: ${title}, ${device}`, async () => {
        const entries: AggregateEntry[] = [
          { ...entry, name: 'mean' },
          { ...entry, name: 'grain' },
          { ...entry, name: 'upgrad' },
          { ...entry, name: 'grain-layerwise' },
        ];
        const preconditioned: AggregateEntry[] = [
          { ...entry, name: 'grain', metric: 'preconditioned' },
        ];
        const all = title.startsWith('adamw') ? [...entries, ...preconditioned] : entries;
        for (const facts of (await factsOfRuns(all, optimizer, device)).flat()) {
          steps++;
          if (facts.guard) count(corrected, title);
          if (facts.clipping) count(clipped, title);
          assert.deepEqual(conflictsOf(facts), [], `step ${facts.step}`);
        }
      });
    }
  }

  test('in 10,000 steps, of which it corrected many, whatever the optimizer', () => {
    assert.ok(steps >= 10_000);
    for (const title of Object.keys(optimizers)) {
      // A multiple of a certified direction conflicts with no group: only the mean's update has to be corrected.
      const least = title === 'sgd' ? 10 : 100;
      const found = corrected.get(title) ?? 0;
      assert.ok(found >= least, `${title}: ${found}`);
      assert.equal((clipped.get(title) ?? 0) > 100, title.includes('clipping'), title);
    }
  });

  for (const metric of ['euclidean', 'preconditioned'] as const) {
    test(`is bit for bit the optimizer’s until the first conflict: ${metric}`, async () => {
      const settings = { name: 'mean', metric, smoothing: 0 } as const;
      const [guarded, plain] = await factsOfRuns(
        [{ ...settings, guard: true }, settings],
        optimizers.adamw,
        'cpu',
        60,
      );
      const first = guarded!.findIndex(({ guard }) => guard);
      assert.ok(first > 0);
      for (let i = 0; i < first; i++) assert.deepEqual(guarded![i]!.update, plain![i]!.update);
      const { rounding, ...proposed } = plain![first]!.update!;
      assert.ok(rounding! > 0);
      assert.deepEqual(guarded![first]!.guard!.proposed, proposed);
      assert.ok(plain!.some((facts) => conflictsOf(facts).length > 0));
    });
  }

  test('with an allowance may cost a group that share, and corrects less', async () => {
    const [strict, relaxed] = await factsOfRuns(
      [
        { ...entry, name: 'mean' },
        { ...entry, name: 'mean', guard: 0.2 },
      ],
      optimizers.adamw,
      'cpu',
      60,
    );
    for (const facts of relaxed!) assert.deepEqual(conflictsOf(facts, 0.2), []);
    const correctedIn = (all: readonly Facts[]) => all.filter(({ guard }) => guard).length;
    assert.ok(correctedIn(relaxed!) < correctedIn(strict!));
  });

  test('that leaves nothing of the step is logged', async () => {
    // Two examples that contradict each other, a group each: what improves one makes the other worse.
    writeFileSync(path.join(folder, 'contradiction.csv'), 'x,y\n1,1\n1,-1\n');
    const config = `task: regression
model: { hidden: [] }
data: { train: contradiction.csv, validation: contradiction.csv, target: y }
groups: { count: 2 }
optimizer: { name: sgd, learningRate: 0.1, momentum: 0.5 }
batchSize: 2
steps: 40
device: cpu`;
    const stallsWith = async (guard: boolean | number) => {
      const { trainer, close } = await trainerOf(folder, config, { ...entry, name: 'mean', guard });
      let stalls = 0;
      for (let step = 1; step <= 40; step++) {
        if ((await trainer.step(step)).facts.guard?.stalled) stalls++;
      }
      await close();
      return stalls;
    };
    assert.ok((await stallsWith(true)) > 0);
    assert.equal(await stallsWith(0.5), 0);
    assert.equal(await stallsWith(false), 0);
  });
});
