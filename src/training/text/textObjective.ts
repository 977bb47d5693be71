import type { Group } from '../../data/grouping.ts';
import { dropoutOf } from '../../nn/layers/dropout.ts';
import type {
  GradientSource,
  GroupGradient,
  VariableSink,
} from '../../nn/module/gradientSource.ts';
import type { OnProgress } from '../../nn/module/onProgress.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { TransformerModel } from '../../nn/transformerModel.ts';
import { StackCollector } from '../aggregation/collect.ts';
import type { Objective, Validation } from '../objective/objective.ts';
import type { Learner } from './learner.ts';

interface Options {
  /** Of dropout. */
  readonly seed: number;
  /** A pass for each group instead of one for all. */
  readonly accumulates: boolean;
}

/** A transformer on examples that are texts. */
export class TextObjective implements Objective {
  readonly model: TransformerModel;
  readonly #learner: Learner;
  readonly #options: Options;

  constructor(model: TransformerModel, learner: Learner, options: Options) {
    this.model = model;
    this.#learner = learner;
    this.#options = options;
  }

  gradients(groups: readonly Group[], step: number): GradientSource {
    const { seed, accumulates } = this.#options;
    if (accumulates) return { kind: 'separate', groups: this.#oneByOne(groups, step) };
    const dropout = dropoutOf(seed, step, 0);
    return {
      kind: 'grouped',
      tied: this.model.tied,
      run: (sink) => this.#learner.gradients(groups, dropout, this.#into(sink)),
    };
  }

  validate(onProgress: OnProgress): Promise<Validation> {
    return this.#learner.validate(onProgress);
  }

  dispose(): void {
    this.model.dispose();
  }

  async *#oneByOne(groups: readonly Group[], step: number): AsyncGenerator<GroupGradient> {
    const shapes = this.model.trainable.map(({ shape }) => shape);
    for (const [pass, group] of groups.entries()) {
      const collector = new StackCollector(shapes);
      try {
        const dropout = dropoutOf(this.#options.seed, step, pass);
        const [loss] = await this.#learner.gradients([group], dropout, this.#into(collector));
        yield collector.group(0, loss!);
      } finally {
        collector.dispose();
      }
    }
  }

  #into(sink: VariableSink): ParameterSink {
    return {
      add: (parameter, gradient) => sink.add(this.model.indexOf(parameter), gradient),
      flush: () => sink.flush(),
    };
  }
}
