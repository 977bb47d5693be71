/** How far apart the parameters of two runs are, from their checkpoints. */
import path from 'node:path';
import { readArtifacts } from '../../nn/small/files.ts';
import { runFile } from '../../runs/grainFolder.ts';
import { nameOfStep } from '../../training/checkpointIndex.ts';

/** Parameters of a small network in the run's checkpoint of a step, in the order of its layers. @throws if there is none */
export async function parametersAt(folder: string, step: number): Promise<Float32Array> {
  const checkpoint = path.join(runFile(folder, 'checkpoints'), nameOfStep(step));
  const { weightData } = await readArtifacts(checkpoint);
  return new Float32Array(weightData as ArrayBuffer);
}

/** ‖one − other‖, summed in float64. @throws RangeError for different lengths */
export function distanceOf(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) {
    throw new RangeError(`${one.length} and ${other.length} parameters cannot be compared`);
  }
  let squares = 0;
  for (let i = 0; i < one.length; i++) squares += (one[i]! - other[i]!) ** 2;
  return Math.sqrt(squares);
}
