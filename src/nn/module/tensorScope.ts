import * as tf from '@tensorflow/tfjs-core';

/** Owns tensors that outlive the tidy scope they were made in, until they are released or the scope is disposed of. */
export class TensorScope {
  readonly #tensors = new Set<tf.Tensor>();

  add<T extends tf.Tensor>(tensor: T): T {
    this.#tensors.add(tensor);
    return tf.keep(tensor);
  }

  /** `tf.tidy` whose result belongs to this scope. */
  tidy<T extends tf.TensorContainer>(make: () => T): T {
    const made = tf.tidy(make);
    for (const tensor of tf.tensor_util.getTensorsInContainer(made)) this.add(tensor);
    return made;
  }

  /** Gives up ownership of a tensor. */
  release(tensor: tf.Tensor): void {
    this.#tensors.delete(tensor);
  }

  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors.clear();
  }
}
