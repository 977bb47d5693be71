import type { Group } from '../../data/grouping.ts';
import { dropoutOf } from '../../nn/layers/dropout.ts';
import type {
  GradientSource,
  GroupGradient,
  VariableSink,
} from '../../nn/module/gradientSource.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { Dropout } from '../../nn/module/pass.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import type { TransformerModel } from '../../nn/transformerModel.ts';
import { StackCollector } from '../aggregation/stackedGradients.ts';
import type { Objective, Validation } from '../objective/objective.ts';

export interface TextObjectiveOptions {
  /** Seeds dropout. */
  readonly seed: number;
  /** One backward pass per group instead of one for all groups. */
  readonly accumulates: boolean;
}

/** A transformer on examples that are texts. Subclasses define the loss and the metrics. */
export abstract class TextObjective implements Objective {
  readonly model: TransformerModel;
  readonly #options: TextObjectiveOptions;

  constructor(model: TransformerModel, options: TextObjectiveOptions) {
    this.model = model;
    this.#options = options;
  }

  abstract validate(onProgress: OnProgress): Promise<Validation>;

  /** One forward and backward pass. @returns mean loss of each group */
  protected abstract backward(
    groups: readonly Group[],
    dropout: Dropout,
    sink: ParameterSink,
  ): Promise<readonly number[]>;

  gradients(groups: readonly Group[], step: number): GradientSource {
    const { seed, accumulates } = this.#options;
    if (accumulates) return { kind: 'separate', groups: this.#groupByGroup(groups, step) };
    const dropout = dropoutOf(seed, step, 0);
    return {
      kind: 'grouped',
      tied: this.model.tied,
      run: (sink) => this.backward(groups, dropout, this.#passSink(sink)),
    };
  }

  dispose(): void {
    this.model.dispose();
  }

  async *#groupByGroup(groups: readonly Group[], step: number): AsyncGenerator<GroupGradient> {
    const shapes = this.model.trainable.map(({ shape }) => shape);
    for (const [pass, group] of groups.entries()) {
      const collector = new StackCollector(shapes);
      try {
        const dropout = dropoutOf(this.#options.seed, step, pass);
        const [loss] = await this.backward([group], dropout, this.#passSink(collector));
        yield collector.group(0, loss!);
      } finally {
        collector.dispose();
      }
    }
  }

  /** Networks name parameters; aggregation numbers the trainable variables. */
  #passSink(sink: VariableSink): ParameterSink {
    return {
      add: (parameter, gradient) => sink.add(this.model.indexOf(parameter), gradient),
      flush: () => sink.flush(),
    };
  }
}
