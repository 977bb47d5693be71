import * as tf from '@tensorflow/tfjs-core';
import type { GroupGradient, VariableSink } from '../../nn/module/gradientSource.ts';
import type { StackedGradient } from '../../nn/module/parameter.ts';
import { added, groupOf } from './stack.ts';

/** Keeps the gradients of a grouped pass, variable by variable. */
export class StackCollector implements VariableSink {
  readonly #shapes: readonly (readonly number[])[];
  readonly #stacks = new Map<number, StackedGradient>();

  /** @param shapes of the variables */
  constructor(shapes: readonly (readonly number[])[]) {
    this.#shapes = shapes;
  }

  add(variable: number, gradient: StackedGradient): void {
    const before = this.#stacks.get(variable);
    const sum = before ? added(before, gradient, this.#shapes[variable]!) : gradient;
    this.#stacks.set(variable, sum);
  }

  async flush(): Promise<void> {}

  has(variable: number): boolean {
    return this.#stacks.has(variable);
  }

  /** @throws Error if the variable has got no gradient */
  get(variable: number): StackedGradient {
    const stack = this.#stacks.get(variable);
    if (!stack) throw new Error(`no gradient came for variable ${variable}`);
    return stack;
  }

  /** In the order of the variables. */
  get all(): StackedGradient[] {
    return this.#shapes.map((_, variable) => this.get(variable));
  }

  /** The part of one group, as tensors of their own. */
  group(index: number, loss: number): GroupGradient {
    return tf.tidy(() => ({
      loss: tf.scalar(loss),
      gradients: this.all.map((stack, v) => groupOf(stack, index, this.#shapes[v]!)),
    }));
  }

  dispose(variables: Iterable<number> = this.#stacks.keys()): void {
    for (const variable of variables) {
      this.#stacks.get(variable)?.stacked.dispose();
      this.#stacks.delete(variable);
    }
  }
}
