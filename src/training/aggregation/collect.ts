import * as tf from '@tensorflow/tfjs-core';
import type { GradientSink } from '../objective.ts';
import type { StackedGradient } from '../transformer/parameter.ts';
import { added } from './stack.ts';

/** Keeps the gradients of a grouped pass, variable by variable. */
export class StackCollector implements GradientSink {
  readonly #shapes: readonly (readonly number[])[];
  readonly #stacks: (StackedGradient | undefined)[];

  /** @param shapes of the variables */
  constructor(shapes: readonly (readonly number[])[]) {
    this.#shapes = shapes;
    this.#stacks = shapes.map(() => undefined);
  }

  add(variable: number, gradient: StackedGradient): void {
    const before = this.#stacks[variable];
    const shape = this.#shapes[variable]!;
    this.#stacks[variable] = before ? added(before, gradient, shape) : gradient;
  }

  async settle(): Promise<void> {}

  /** @throws Error if a variable has got no gradient */
  get stacks(): readonly StackedGradient[] {
    return this.#stacks.map((stack, variable) => {
      if (!stack) throw new Error(`no gradient came for variable ${variable}`);
      return stack;
    });
  }

  dispose(): void {
    tf.dispose(this.#stacks.flatMap((stack) => stack?.stacked ?? []));
    this.#stacks.fill(undefined);
  }
}
