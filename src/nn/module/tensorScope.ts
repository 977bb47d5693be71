import * as tf from '@tensorflow/tfjs-core';

/** Tensors that outlive the scopes they are made in, until each is disposed of, or given away, or all are let go. */
export class TensorScope {
  readonly #tensors = new Set<tf.Tensor>();

  add<T extends tf.Tensor>(tensor: T): T {
    this.#tensors.add(tensor);
    return tf.keep(tensor);
  }

  /** Keeps, of all that is made meanwhile, what comes out. */
  tidy<T extends tf.TensorContainer>(make: () => T): T {
    const made = tf.tidy(make);
    for (const tensor of tf.tensor_util.getTensorsInContainer(made)) this.add(tensor);
    return made;
  }

  /** From now on somebody else's. */
  release(tensor: tf.Tensor): void {
    this.#tensors.delete(tensor);
  }

  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors.clear();
  }
}
