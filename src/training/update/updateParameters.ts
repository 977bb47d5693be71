import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import type { AggregatedStep } from '../aggregation/aggregatedStep.ts';
import type { UpdateFacts } from '../learner.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { clipNorm } from './clipping.ts';
import { guardChange } from './guardedChange.ts';
import { ParameterChange } from './parameterChange.ts';

export interface UpdateSettings {
  readonly device: Device;
  readonly optimizer: Optimizer;
  readonly variables: readonly tf.Variable[];
  readonly learningRate: number;
  /** The aggregated gradient is clipped to this norm; undefined: it is not. */
  readonly maxGradNorm: number | undefined;
  /** Share of ‖Δ‖‖gᵢ‖ that a guard lets a group lose; null: no guard. */
  readonly guard: number | null;
}

/** From the aggregated gradient to the parameters: clipping, optimizer, guard. @returns what happened on the way */
export async function updateParameters(
  step: AggregatedStep,
  settings: UpdateSettings,
): Promise<UpdateFacts> {
  const { gradients } = step;
  const { device, maxGradNorm } = settings;
  if (!gradients || maxGradNorm === undefined) return move(step, gradients, settings);
  const clipped = await clipNorm(device, gradients, maxGradNorm);
  const { clipping } = clipped;
  if (!clipping) return move(step, gradients, settings);
  try {
    return { clipping, ...(await move(step, clipped.gradients, settings)) };
  } finally {
    tf.dispose([...clipped.gradients]);
  }
}

/** @param gradients what the optimizer gets; null: the step is skipped */
async function move(
  step: AggregatedStep,
  gradients: AggregatedStep['gradients'],
  { device, optimizer, variables, learningRate, guard }: UpdateSettings,
): Promise<UpdateFacts> {
  const update = () => {
    if (gradients) optimizer.step(variables, gradients, learningRate);
  };
  if (!step.measure) {
    update();
    return { update: null };
  }
  const change = new ParameterChange(device, step, variables);
  try {
    update();
    if (guard !== null) return await guardChange(change, step.gram!, guard);
    return { update: { ...(await change.measure()), rounding: await change.rounding() } };
  } finally {
    change.dispose();
  }
}
