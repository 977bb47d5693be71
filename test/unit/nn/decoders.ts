import assert from 'node:assert/strict';
import type { Operations } from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import type { TokenBatch } from '../../../src/data/tokenBatch.ts';
import {
  type DecoderConfig,
  readCheckpointConfig,
} from '../../../src/hub/architecture/checkpointConfig.ts';
import { openSafetensors } from '../../../src/hub/safetensors/safetensors.ts';
import {
  type CausalNetwork,
  causalDecoder,
  type DecoderSource,
} from '../../../src/nn/decoders/build.ts';
import { CausalModel } from '../../../src/nn/decoders/causalModel.ts';
import { groupMeans } from '../../../src/nn/module/loss.ts';
import { runPass } from '../../../src/nn/module/pass.ts';
import type { NetworkParameters } from '../../../src/nn/parameters/networkParameters.ts';
import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';
import { assertGradients, distance, farthest, Gradients } from './gradients.ts';
import { full } from './plan.ts';

export interface Options {
  readonly plan?: FineTuningPlan;
  readonly checkpointing?: boolean;
  /** Of everything that drops. */
  readonly dropout?: number;
  readonly operations?: Operations;
}

/** Opens a checkpoint for one of the builders. */
export async function open<T>(
  here: string,
  build: (source: DecoderSource) => Promise<T>,
  { plan = full, checkpointing = false, dropout }: Options = {},
): Promise<T> {
  const read = (await readCheckpointConfig(here)) as DecoderConfig;
  const dropouts = { dropout, attentionDropout: dropout, embeddingDropout: dropout };
  const config = dropout === undefined ? read : ({ ...read, ...dropouts } as DecoderConfig);
  const tensors = await openSafetensors(here);
  try {
    return await build({ config, tensors, file: here, plan, checkpointing });
  } finally {
    await tensors.close();
  }
}

export interface OpenedCausal {
  readonly network: CausalNetwork;
  readonly parameters: NetworkParameters;
  readonly model: CausalModel;
}

export const openCausal = (here: string, options?: Options): Promise<OpenedCausal> =>
  open(
    here,
    async (source) => {
      const { network, parameters } = await causalDecoder(source);
      const model = new CausalModel(
        options?.operations ?? tfjsOperations,
        network,
        source.config.maxPositions,
      );
      return { network, parameters, model };
    },
    options,
  );

/** Of every row [rows, vocabSize]. */
export async function logitsOf(
  operations: Operations,
  { network: { stack, head } }: OpenedCausal,
  tokens: TokenBatch,
) {
  return runPass(operations, tokens, { dropout: null, sink: null }, async (pass) => {
    const { y } = stack.forward(pass);
    const logits = pass.scope.add(operations.linear(y, head.value, null, 'out-in'));
    return logits.data<'float32'>();
  });
}

/** One text. */
export function alone(ids: readonly number[]): TokenBatch {
  return {
    batchSize: 1,
    length: ids.length,
    ids: Int32Array.from(ids),
    typeIds: new Int32Array(ids.length),
    lengths: Int32Array.of(ids.length),
    exampleBounds: [0, 1],
  };
}

export type Tensors = ReadonlyMap<string, Float32Array>;

/** As decoders_peer.py has them, in examples. */
export const GROUPS = [0, 1, 3, 6];

/** The batch that decoders_peer.py wrote. */
export function batchOf(expected: Tensors): TokenBatch {
  const [ids, lengths] = [expected.get('ids')!, expected.get('lengths')!];
  return {
    batchSize: lengths.length,
    length: ids.length / lengths.length,
    ids: Int32Array.from(ids),
    typeIds: new Int32Array(ids.length),
    lengths: Int32Array.from(lengths),
    exampleBounds: GROUPS,
  };
}

/** Of the rows that are no padding. */
export function withoutPadding(values: Float32Array, { length, lengths }: TokenBatch): number[] {
  const width = values.length / (lengths.length * length);
  return Array.from(lengths).flatMap((tokens, example) => [
    ...values.subarray(example * length * width, (example * length + tokens) * width),
  ]);
}

/** Every trained parameter has the gradients of each group that PyTorch has, and PyTorch has no other. */
export function compareGradients(
  sink: Gradients,
  parameters: NetworkParameters,
  expected: Tensors,
  tolerance = 1e-5,
): void {
  const prefix = 'gradient.';
  assert.deepEqual(
    [...sink.of.keys()].map((name) => prefix + name).sort(),
    [...expected.keys()].filter((name) => name.startsWith(prefix)).sort(),
  );
  assertGradients(sink, parameters, (name) => expected.get(prefix + name)!, tolerance);
}

/** Logits, losses and gradients beside those that decoders_peer.py wrote. @param tolerance of logits absolute, of gradients relative */
export async function compareCausal(
  operations: Operations,
  opened: OpenedCausal,
  expected: Tensors,
  tolerance = { logits: 1e-4, gradients: 1e-5 },
): Promise<void> {
  const { model, parameters } = opened;
  const tokens = batchOf(expected);
  const starts = expected.get('starts')!;
  const of = (values: Float32Array) => withoutPadding(values, tokens);
  const logits = await logitsOf(operations, opened, tokens);
  const far = farthest(of(logits), of(expected.get('logits')!));
  assert.ok(far <= tolerance.logits, `logits: ${far}`);

  const losses = await model.losses(tokens, starts);
  assert.ok(distance(losses, expected.get('losses')!, 1) < 1e-4, 'losses');

  const sink = new Gradients();
  const { means, counts } = await model.gradients(tokens, starts, null, sink);
  const asked = Array.from(starts, (start, example) => tokens.lengths[example]! - start);
  const bounds = [0];
  for (const [group, end] of GROUPS.slice(1).entries()) {
    const count = asked.slice(GROUPS[group], end).reduce((sum, number) => sum + number);
    bounds.push(bounds.at(-1)! + count);
    assert.equal(counts[group], count);
  }
  assert.ok(distance(means, groupMeans(expected.get('losses')!, bounds), 1) < 1e-4, 'means');
  compareGradients(sink, parameters, expected, tolerance.gradients);
}
