import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { aggregateBlock, aggregateBlocks, concludeBlocks } from '../../../src/engine/blocks.ts';
import { EngineClient } from '../../../src/engine/client.ts';
import { diagnoseStep, type StepFacts } from '../../../src/engine/diagnoseStep.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import type { SharedGradients } from '../../../src/engine/kernels/sharedGradients.ts';
import type { AggregatorName, Problem } from '../../../src/engine/types.ts';
import { ZeroGroupError } from '../../../src/engine/unusableGroups.ts';
import { assertClose, combined, sharedOf } from './kernels/shared.ts';
import { normalRows, random } from './random.ts';

const clientUrl = new URL('../../../src/engine/client.ts', import.meta.url);
const workerUrl = new URL('../../../src/engine/worker.ts', import.meta.url);
const problem: Problem = { gram: gramOf(normalRows(8, 20, random(1))) };

async function withEngine(use: (engine: EngineClient) => Promise<void>): Promise<void> {
  const engine = EngineClient.start();
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

/** k random gradients of length d. */
function singles(k: number, d: number): Float32Array[] {
  return normalRows(k, d, random(k + d)).map((row) => Float32Array.from(row));
}

test('answers are those of the engine itself', () =>
  withEngine(async (engine) => {
    const choices = [
      'grain',
      'mean',
      { name: 'cagrad', parameters: { c: 0.25 } },
      { name: 'gradvac', smoothing: 0.5 },
    ] as const;
    for (const choice of choices) {
      assert.deepEqual(await engine.aggregate(problem, choice), aggregate(problem, choice));
    }
    const blocks = ['a', 'b'].map((name) => ({ name, gram: problem.gram }));
    assert.deepEqual(
      await engine.aggregateBlocks(blocks, {}, 'grain-layerwise'),
      aggregateBlocks(blocks, {}, 'grain-layerwise'),
    );
    const solved = [];
    for (const block of blocks) {
      solved.push(await engine.aggregateBlock(block, [3], {}, 'grain-layerwise'));
      assert.deepEqual(solved.at(-1), aggregateBlock(block, [3], {}, 'grain-layerwise'));
    }
    assert.deepEqual(
      await engine.concludeBlocks(blocks, solved, {}, 'grain-layerwise'),
      concludeBlocks(blocks, solved, {}, 'grain-layerwise'),
    );
    const sizes = [1, 2, 3, 4, 5, 6, 7, 8];
    const step = { gram: problem.gram, sizes, weights: new Float64Array(8).fill(1 / 8) };
    assert.deepEqual(await engine.diagnose([step, { ...step, gram: null }]), [
      diagnoseStep(step),
      diagnoseStep({ ...step, gram: null }),
    ]);
  }));

test('gradients in shared memory: Gram matrix and weights, with sizes and policy', () =>
  withEngine(async (engine) => {
    const rows = singles(5, 9001);
    rows[4]!.fill(0);
    const gradients = sharedOf(rows);
    const { gram, ...answer } = await engine.aggregateShared(gradients, 'grain', {
      zeroGroups: 'stop',
    });
    assertClose(gram, gramOf(rows), 1e-13);
    assert.deepEqual(answer, aggregate({ gram, zeroGroups: 'stop' }, 'grain'));
    const sizes = [1, 2, 3, 4, 5];
    const mean = await engine.aggregateShared(gradients, 'mean', { sizes });
    assert.deepEqual(
      [...mean.weights],
      sizes.map((size) => size / 15),
    );
    assert.deepEqual(gradients.combination(0, 9001), combined(rows, mean.weights));
  }));

test('many calls at once are each answered with their own', () =>
  withEngine(async (engine) => {
    const problems = Array.from({ length: 50 }, (_, i): Problem => {
      return { gram: gramOf(normalRows(1 + (i % 9), 6, random(i))) };
    });
    const answers = await Promise.all(problems.map((one) => engine.aggregate(one, 'grain')));
    assert.deepEqual(
      answers,
      problems.map((one) => aggregate(one, 'grain')),
    );
  }));

test('errors keep their class, name, message and stack, and the engine lives on', () =>
  withEngine(async (engine) => {
    await assert.rejects(engine.aggregate({ gram: new Float64Array(3) }, 'grain'), (error) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.name, 'RangeError');
      assert.equal(error.message, 'a Gram matrix is square; got 3 entries');
      assert.match(error.stack ?? '', /screen\.ts/);
      return true;
    });
    const zero: Problem = { gram: new Float64Array(4), zeroGroups: 'error' };
    await assert.rejects(engine.aggregate(zero, 'grain'), ZeroGroupError);
    await assert.rejects(engine.aggregate(problem, 'nonsense' as AggregatorName), /known: grain/);
    await assert.rejects(
      engine.aggregateShared(sharedOf([new Float32Array(3)]), 'grain', { zeroGroups: 'error' }),
      { name: 'ZeroGroupError' },
    );
    assert.deepEqual(await engine.aggregate(problem, 'grain'), aggregate(problem, 'grain'));
  }));

test('an invalid request rejects its own call', () =>
  withEngine(async (engine) => {
    const choice: unknown[] = ['grain', { name: 'grain', smoothing: '0.5' }, null];
    const problems: unknown[] = [{ gram: [4] }, problem, problem];
    for (const [i, invalid] of problems.entries()) {
      await assert.rejects(
        engine.aggregate(invalid as Problem, choice[i] as AggregatorName),
        (error) => error instanceof TypeError && error.message === 'invalid request: aggregate',
      );
    }
    await assert.rejects(engine.diagnose([{ gram: null, weights: null } as StepFacts]), TypeError);
    const shards = [{ k: 1, d: 1, memory: new ArrayBuffer(64) }];
    await assert.rejects(
      engine.measureShared({ shards } as unknown as SharedGradients),
      /invalid request: measureShared/,
    );
    assert.deepEqual(await engine.aggregate(problem, 'grain'), aggregate(problem, 'grain'));
  }));

test('an invalid answer rejects its call, an invalid message all calls', async () => {
  const answering = (message: string) =>
    new EngineClient(
      new Worker(
        `const { parentPort } = require('node:worker_threads');
         parentPort.on('message', ({ id }) => parentPort.postMessage(${message}));`,
        { eval: true },
      ),
    );
  const wrong = answering('{ id, value: { weights: [1] } }');
  await assert.rejects(wrong.aggregate(problem, 'grain'), /invalid answer to aggregate/);
  await assert.rejects(wrong.diagnose([]), /invalid answer to diagnose/);
  await wrong.close();
  const meaningless = answering("'hello'");
  await assert.rejects(meaningless.aggregate(problem, 'grain'), /sent an invalid message/);
  await assert.rejects(meaningless.diagnose([]), /sent an invalid message/);
  await meaningless.close();
});

test('what cannot be sent rejects its own call', () =>
  withEngine(async (engine) => {
    const unsendable = { ...problem, sizes: { length: 8, at: () => 1 } as unknown as number[] };
    await assert.rejects(engine.aggregate(unsendable, 'mean'), { name: 'DataCloneError' });
    assert.deepEqual(await engine.aggregate(problem, 'mean'), aggregate(problem, 'mean'));
  }));

test('a worker that is terminated rejects pending and later calls', async () => {
  const worker = new Worker(workerUrl);
  const engine = new EngineClient(worker);
  await engine.aggregate(problem, 'grain');
  const pending = [
    engine.aggregateShared(sharedOf(singles(64, 50_000)), 'grain'),
    engine.aggregate(problem, 'grain'),
  ];
  await Promise.all([
    ...pending.map((call) => assert.rejects(call, /the engine worker died: exit code 1/)),
    worker.terminate(),
  ]);
  await assert.rejects(engine.aggregate(problem, 'grain'), /the engine worker died: exit code 1/);
  await engine.close();
});

test('a worker that cannot even start is reported with the reason', async () => {
  const engine = new EngineClient(new Worker(new URL('no-such-worker.ts', workerUrl)));
  await assert.rejects(engine.aggregate(problem, 'grain'), (error) => {
    assert.ok(error instanceof Error && error.cause instanceof Error);
    return /the engine worker died: .*no-such-worker/.test(error.message);
  });
  await assert.rejects(engine.aggregate(problem, 'grain'), /the engine worker died/);
  await engine.close();
});

test('close rejects what is pending and what comes later, and may be called twice', async () => {
  const engine = EngineClient.start();
  const pending = assert.rejects(engine.aggregate(problem, 'grain'), /the engine was closed/);
  await engine.close();
  await pending;
  await assert.rejects(engine.diagnose([]), /the engine was closed/);
  await engine.close();
});

test('an engine that is never asked does not keep the process alive', async () => {
  const script = `
    import { EngineClient } from ${JSON.stringify(fileURLToPath(clientUrl))};
    EngineClient.start();
  `;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 20_000,
  });
});

test('a pending call keeps the process alive, an idle engine does not', async () => {
  const script = `
    import { EngineClient } from ${JSON.stringify(fileURLToPath(clientUrl))};
    const engine = EngineClient.start();
    engine.aggregate({ gram: Float64Array.of(4) }, 'grain').then(({ norm2 }) => console.log(norm2));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { timeout: 20_000 },
  );
  assert.equal(stdout, '4\n');
});
