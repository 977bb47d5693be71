import type { Model, ModelConfig, ModelShape } from './model.ts';

/**
 * Builds the model of a config, from scratch or from a saved one.
 * @param seed decides every fresh value; the same seed gives the same values on every device.
 * @param baseFolder paths in the config are relative to it.
 * @throws ModelError when config, saved model and data do not fit together.
 */
export async function buildModel(
  _config: ModelConfig,
  _shape: ModelShape,
  _seed: number,
  _baseFolder: string,
): Promise<Model> {
  throw new Error('not written yet');
}
