import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { after, before, describe, type TestContext, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { automaticBackends, type Device, openDevice } from '../../../src/backends/device.ts';
import { TENSOR_BACKENDS } from '../../../src/backends/interface/backend.ts';
import { type BackendReport, probeBackends } from '../../../src/backends/order.ts';
import { addDoctorCommand } from '../../../src/cli/commands/doctor/doctor.ts';
import { resolvedAggregation } from '../../../src/config/aggregation.ts';
import { EngineClient } from '../../../src/engine/client.ts';
import { lossOf } from '../../../src/nn/module/loss.ts';
import { buildModel } from '../../../src/nn/small/build.ts';
import { groupGradient } from '../../../src/nn/small/trainableNetwork.ts';
import { StepAggregator } from '../../../src/training/aggregation/stepAggregator.ts';

describe('backend order', () => {
  let reports: readonly BackendReport[];
  before(async () => {
    reports = await probeBackends();
  });

  test('has every backend from the top, each usable or with a reason and a remedy', () => {
    assert.deepEqual(
      reports.map((report) => report.backend),
      ['torch', ...TENSOR_BACKENDS],
    );
    for (const { backend, usable, name, reason, remedy } of reports) {
      if (usable) assert.ok(name, backend);
      else
        assert.ok(reason && remedy && !reason.includes('\n'), `${backend}: ${reason}; ${remedy}`);
    }
  });

  test('wasm and cpu are usable everywhere', () => {
    const usable = reports.filter((report) => report.automatic).map((report) => report.backend);
    assert.deepEqual(usable.slice(-2), ['wasm', 'cpu']);
    assert.match(reports[4]!.name!, /^WebAssembly \(SIMD/);
  });

  test('an unavailable backend is rejected with the reason and the remedy', async () => {
    const unusable = reports.filter((report) => !report.usable);
    for (const { backend, reason, remedy } of unusable) {
      await assert.rejects(openDevice(backend), (error: Error) => {
        assert.equal(error.name, 'DeviceError');
        for (const part of [backend, reason!, remedy!])
          assert.ok(error.message.includes(part), part);
        return true;
      });
    }
  });

  test('auto chooses the first usable backend', async () => {
    const device = await openDevice(automaticBackends(true));
    assert.equal(device.backend, reports.find((report) => report.automatic)!.backend);
    await device.close();
  });

  test('tensors are made on the device opened last', async () => {
    for (const backend of ['wasm', 'cpu', 'wasm'] as const) {
      const device = await openDevice(backend);
      assert.deepEqual([device.backend, device.hostMemory], [backend, true]);
      assert.equal(tf.getBackend(), backend);
      assert.deepEqual([...tf.square(tf.tensor1d([1, 2])).dataSync()], [1, 4]);
    }
  });

  test('an uncaught error still shows where it was thrown, not the WASM loader', () => {
    assert.equal(process.listenerCount('uncaughtException'), counts.uncaughtException);
    assert.equal(process.listenerCount('unhandledRejection'), counts.unhandledRejection);
  });

  test('tfjs-node finds the type checks removed from node:util', () => {
    const util = createRequire(import.meta.url)('node:util');
    assert.deepEqual(
      [null, undefined, 0, ''].map((value) => util.isNullOrUndefined(value)),
      [true, true, false, false],
    );
    assert.ok(util.isArray([]) && !util.isArray({ length: 0 }));
  });
});

const counts = {
  uncaughtException: process.listenerCount('uncaughtException'),
  unhandledRejection: process.listenerCount('unhandledRejection'),
};

describe('every usable backend', () => {
  let engine: EngineClient;
  before(() => {
    engine = EngineClient.start();
  });
  after(() => engine.close());

  /** One step of GRAIN on a small CNN. */
  async function stepOn(device: Device) {
    const input = [8, 8, 1];
    const config = { architecture: 'cnn', filters: [2, 3] } as const;
    const model = await buildModel(config, { input, outputs: 3 }, 1, '.');
    const groups = [1, 2, 3].map((seed) => {
      const x = tf.randomNormal([4, ...input], 0, 1, 'float32', seed);
      return groupGradient(model, lossOf.classification, x, tf.tensor1d([0, 1, 2, 0], 'int32'));
    });
    const options = { aggregation: resolvedAggregation('grain', 'drop') };
    const step = new StepAggregator(engine, device, options);
    const { losses, gram, gradients } = await step.aggregate(
      { kind: 'separate', groups },
      { sizes: [4, 4, 4] },
    );
    const taken = await Promise.all(gradients!.map((gradient) => gradient.data()));
    return { losses: [...losses], gram: [...gram!], taken: taken.flatMap((values) => [...values]) };
  }

  test('takes the same step as the CPU, to 1e-4', async (t) => {
    await compareWithCpu(t, stepOn);
  });

  for (const aggregator of ['grain', 'grain-layerwise'] as const) {
    test(`takes the same step as the CPU from gradients of one pass, a tied table among them: ${aggregator}`, async (t) => {
      await compareWithCpu(t, async (device) => {
        const tensor = (shape: number[], seed: number) =>
          tf.randomNormal(shape, 0, 1, 'float32', seed);
        const step = await new StepAggregator(engine, device, {
          aggregation: resolvedAggregation(aggregator, 'drop'),
          blocks: [
            { name: 'table', variables: [0] },
            { name: 'rest', variables: [1] },
          ],
          shapes: [[7, 3], [5]],
        }).aggregate(
          {
            kind: 'grouped',
            tied: [0],
            async run(sink) {
              sink.add(0, { stacked: tensor([4, 7, 3], 1) });
              sink.add(1, { stacked: tensor([4, 5], 2) });
              await sink.flush();
              sink.add(0, { stacked: tensor([4, 2, 3], 3), rows: Int32Array.of(1, 6) });
              return [1, 2, 3, 4];
            },
          },
          { sizes: [1, 1, 1, 1] },
        );
        const gradients = await Promise.all(step.gradients!.map((gradient) => gradient.data()));
        const vector = [tensor([7, 3], 4), tensor([5], 5)];
        const measured = await step.measure?.(vector);
        step.dispose();
        return {
          gram: [...step.gram!],
          taken: gradients.flatMap((values) => [...values]),
          measured: measured ? [measured.norm2, ...measured.inner] : [],
        };
      });
    });
  }

  /** Numbers that every usable backend is to find as the CPU does, to 1e-4 of the largest of their kind. */
  async function compareWithCpu(
    t: TestContext,
    numbersOn: (device: Device) => Promise<Record<string, readonly number[]>>,
  ): Promise<void> {
    const expected = await numbersOn(await openDevice('cpu'));
    for (const { backend, usable, reason } of await probeBackends()) {
      await t.test(backend, { skip: usable ? false : reason! }, async () => {
        const device = (await openDevice(backend)) as Device;
        const actual = await numbersOn(device);
        for (const [part, values] of Object.entries(expected)) {
          const scale = Math.max(...values.map(Math.abs));
          for (const [i, value] of values.entries()) {
            const off = Math.abs(actual[part]![i]! - value);
            assert.ok(off <= 1e-4 * scale, `${part}[${i}] is off by ${off} of ${scale}`);
          }
        }
        await device.close();
      });
    }
  }
});

test('a process that used a device ends by itself', () => {
  const source = `
    import * as tf from '@tensorflow/tfjs-core';
    import { automaticBackends, openDevice } from './src/backends/device.ts';
    const device = await openDevice(automaticBackends(true));
    const sum = await tf.sum(tf.matMul(tf.ones([8, 8]), tf.ones([8, 8]), false, true)).data();
    await device.close();
    console.log(sum[0]);
  `;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: new URL('../../..', import.meta.url),
  });
  assert.deepEqual({ stdout, status }, { stdout: '512\n', status: 0 });
});

test('grain doctor lists the devices, for people and as JSON', async (t) => {
  const print = t.mock.method(console, 'log', () => {});
  const doctor = async (...options: string[]) => {
    const program = new Command();
    addDoctorCommand(program);
    await program.parseAsync(['node', 'grain', 'doctor', ...options]);
    return String(print.mock.calls.at(-1)!.arguments[0]);
  };
  const diagnosis = JSON.parse(await doctor('--json'));
  const reports = await probeBackends();
  assert.deepEqual(diagnosis.devices, JSON.parse(JSON.stringify(reports)));
  assert.equal(diagnosis.auto, reports.find((report) => report.automatic)!.backend);
  assert.equal(diagnosis.versions.node, process.versions.node);

  const text = await doctor();
  for (const { backend, name, reason, remedy } of reports) {
    for (const part of [backend, name ?? reason!, remedy ?? ''])
      assert.ok(text.includes(part), part);
  }
  assert.match(text, new RegExp(`auto trains on ${diagnosis.auto}$`));
});
