import * as tf from '@tensorflow/tfjs-core';
import { passByBlocks } from '../../../../src/training/aggregation/blockPass.ts';
import { StackCollector } from '../../../../src/training/aggregation/collect.ts';
import { combineStack } from '../../../../src/training/aggregation/stackProducts.ts';
import type { Device } from '../../../../src/training/devices/device.ts';
import type { GroupedSource } from '../../../../src/training/objective.ts';
import { composed } from '../../../../src/training/transformer/composed.ts';
import type { CausalNetwork } from '../../../../src/training/transformer/decoders/build.ts';
import { CausalModel } from '../../../../src/training/transformer/decoders/causalModel.ts';
import { dropoutOf } from '../../../../src/training/transformer/dropout.ts';
import type { Operations } from '../../../../src/training/transformer/operations.ts';
import type { Parameter, StackedGradient } from '../../../../src/training/transformer/parameter.ts';
import type { Parameters } from '../../../../src/training/transformer/parameters.ts';
import type { TokenBatch } from '../../../../src/training/transformer/pass.ts';

/** A batch whose second halves are the answers. */
export function batchOf(batch: number, length: number, groups: number): TokenBatch {
  return {
    batch,
    length,
    ids: Int32Array.from({ length: batch * length }, (_, i) => (i * i) % 499),
    typeIds: new Int32Array(batch * length),
    lengths: new Int32Array(batch).fill(length),
    examples: Array.from({ length: groups + 1 }, (_, g) => Math.round((g * batch) / groups)),
  };
}

/** Most bytes of tensors that a step had after any of its operations, beside those that were there before. */
export async function peakOf(
  device: Device,
  { network, parameters }: { network: CausalNetwork; parameters: Parameters },
  tokens: TokenBatch,
  byBlocks: boolean,
): Promise<number> {
  const before = tf.memory().numBytes;
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, tf.memory().numBytes);
  };
  const operations = new Proxy(device.operations ?? composed, {
    get(target, name: keyof Operations) {
      const operation = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const result = operation(...args);
        look();
        return result;
      };
    },
  });
  const starts = new Int32Array(tokens.batch).fill(tokens.length / 2);
  const model = new CausalModel(operations, network, tokens.length);
  const indices = new Map(parameters.trained.map((parameter, index) => [parameter, index]));
  const source: GroupedSource = {
    kind: 'grouped',
    tied: [indices.get(network.head) ?? []].flat(),
    run: async (sink) => {
      const named = {
        add: (parameter: Parameter, gradient: StackedGradient) =>
          sink.add(indices.get(parameter)!, gradient),
        settle: () => sink.settle(),
      };
      return (await model.gradients(tokens, starts, dropoutOf(1, 1, 0), named)).means;
    },
  };
  const shapes = parameters.trained.map(({ value }) => value.shape);
  const groups = tokens.examples.length - 1;
  const weights = new Float64Array(groups).fill(1 / groups);
  if (byBlocks) {
    const blocks = parameters.layers.map(({ variables }) => variables);
    const weigh = async () => weights;
    const { gradients } = await passByBlocks(device, source, { blocks, shapes }, weigh);
    look();
    tf.dispose([...gradients]);
  } else {
    const collector = new StackCollector(shapes);
    await source.run(collector);
    const combined = collector.all.map((stack, v) =>
      combineStack(device, stack, weights, shapes[v]!),
    );
    look();
    collector.dispose();
    tf.dispose(combined);
  }
  return peak - before;
}
