import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import { readCheckpointConfig } from '../../../src/hub/architecture/checkpointConfig.ts';
import { openSafetensors } from '../../../src/hub/safetensors/safetensors.ts';
import { sequenceEncoder } from '../../../src/nn/encoders/sequenceEncoder.ts';
import { maxTokens } from '../../../src/nn/encoders/variants.ts';
import type { SupervisedTask } from '../../../src/nn/module/loss.ts';
import type { ParameterSink } from '../../../src/nn/module/parameter.ts';
import type { Dropout } from '../../../src/nn/module/pass.ts';
import type { NetworkParameters } from '../../../src/nn/parameters/networkParameters.ts';
import { defaultTargets, type FineTuningPlan } from '../../../src/nn/parameters/source.ts';
import { SequenceModel } from '../../../src/nn/sequenceModel.ts';
import { logitsOf, openCausal, withoutPadding } from './decoders.ts';
import { tinyBatch, tinyLabels } from './tinyBert.ts';

/** Of each architecture, some of the layers that adapters can go to. */
export const TARGETS = {
  bert: defaultTargets.bert,
  roberta: ['query', 'value', 'dense'],
  distilbert: ['q_lin', 'v_lin', 'lin2'],
  // Every one that keeps its weights as [in, out].
  gpt2: ['c_attn', 'c_proj', 'c_fc'],
  llama: ['q_proj', 'v_proj', 'down_proj'],
  mistral: ['q_proj', 'up_proj'],
  qwen2: ['k_proj', 'o_proj', 'gate_proj'],
  qwen3: ['q_proj', 'k_proj', 'v_proj'],
};
export type Kind = keyof typeof TARGETS;

/** Where saved_peer.py makes the checkpoint of a kind. */
export const baseOf = (folder: string, kind: Kind) => path.join(folder, kind, 'base');

const STARTS = [3, 2, 1, 4, 2];

interface Opened {
  readonly parameters: NetworkParameters;
  /** Of `tinyBatch`: logits of classes or a value for each example, logits of a language model for each token. */
  outputs(): Promise<ArrayLike<number>>;
  /** @returns losses of the two groups of `tinyBatch` */
  gradients(dropout: Dropout | null, sink: ParameterSink): Promise<readonly number[]>;
}

/** Opens a tiny checkpoint: an encoder for three classes or a value, or a language model. */
export async function openTiny(
  base: string,
  plan: FineTuningPlan,
  task: SupervisedTask = 'classification',
): Promise<Opened> {
  const config = await readCheckpointConfig(base);
  if (config.kind === 'decoder') {
    const opened = await openCausal(base, { plan });
    return {
      parameters: opened.parameters,
      outputs: async () =>
        withoutPadding(await logitsOf(tfjsOperations, opened, tinyBatch), tinyBatch),
      gradients: async (dropout, sink) =>
        (await opened.model.gradients(tinyBatch, STARTS, dropout, sink)).means,
    };
  }
  const tensors = await openSafetensors(base);
  const source = { config, tensors, file: base, plan, checkpointing: false };
  const { network, parameters } = await sequenceEncoder(source, task === 'regression' ? 1 : 3);
  await tensors.close();
  const model = new SequenceModel(tfjsOperations, network, task, maxTokens(config));
  return {
    parameters,
    outputs: () => model.outputs(tinyBatch),
    gradients: (dropout, sink) => model.gradients(tinyBatch, tinyLabels, dropout, sink),
  };
}

/** As training would, but sooner. */
export function change({ trainable }: NetworkParameters): void {
  trainable.forEach((variable, i) => {
    tf.tidy(() =>
      variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.2, 'float32', i + 1))),
    );
  });
}
