import type { AggregatorParameter } from '../../engine/aggregators/description.ts';

/** What a config says that techniques may not fit. */
export interface TechniqueContext {
  readonly task: 'classification' | 'regression' | 'generation';
  /** The network is a transformer or another pretrained one with dropout, not a small one. */
  readonly isTransformer: boolean;
  readonly readsTexts: boolean;
  readonly batches: 'random' | 'similar-length';
  /** Runs start from a saved model. */
  readonly isPretrained: boolean;
  readonly hasAdapter: boolean;
  /** Each group has a backward pass of its own. */
  readonly accumulates: boolean;
  /** The config's own rate; undefined: the checkpoint's. */
  readonly dropout: number | undefined;
  readonly device: string;
  /** Activations are computed again in the backward pass. */
  readonly isCheckpointed: boolean;
}

/** Numbers of training examples, class by class. */
export interface ClassCounts {
  readonly names: readonly string[];
  readonly counts: readonly number[];
}

/** What a step's loss is made of, beside the plain one; see `shapedLoss`. */
export interface LossShape {
  /** Share of a target's probability that is spread over all classes evenly. */
  readonly smoothing: number;
  /** Factor of each class's examples; null: 1. */
  readonly weights: readonly number[] | null;
  /** What is subtracted from the target's logit, by class; null: nothing. */
  readonly margins: readonly number[] | null;
  /** Factor of the logits. */
  readonly scale: number;
  /** Exponent of 1 − p of the target, a factor of the loss. */
  readonly focus: number;
  /** Regions that 1 − p of the target is counted in over the batch, where it is common; null: it is not. */
  readonly regions: number | null;
  /** Share of each group's examples, those of the highest loss, that count. */
  readonly kept: number;
  /** How much more the examples of a group with a higher loss count; 0: all alike. */
  readonly tilt: number;
  /** Weight of the disagreement of two forward passes; null: there is one. */
  readonly agreement: number | null;
}

export const plainLoss: LossShape = {
  smoothing: 0,
  weights: null,
  margins: null,
  scale: 1,
  focus: 0,
  regions: null,
  kept: 1,
  tilt: 0,
  agreement: null,
};

/** Where gradients are taken: ρ uphill, by the size of each parameter where there is an η. */
export interface Ascent {
  readonly radius: number;
  readonly eta: number | null;
  /** Null: uphill from the parameters themselves. */
  readonly neighborhood: Neighborhood | null;
}

/** Places at one distance from the parameters, in random directions, that count by exp(tilt · loss). */
export interface Neighborhood {
  readonly samples: number;
  readonly noise: number;
  readonly tilt: number;
}

/** Noise after a layer, and how much what it changes above counts. */
export interface Stability {
  /** 1-based. */
  readonly layer: number;
  readonly noise: number;
  readonly weight: number;
}

type Parameters = Readonly<Record<string, number>>;

/** Something beside aggregation that is said to make fine-tuning better or steadier, with its formula and its source. */
export interface Technique {
  readonly title: string;
  /** What it computes. */
  readonly formula: string;
  /** Where it comes from, with arXiv id or DOI. */
  readonly reference: string;
  /** What becomes of the groups' gradients, and of an aggregator's guarantee. */
  readonly groups: string;
  /** Absent: its keys are names of classes, with positive numbers. */
  readonly parameters?: Readonly<Record<string, AggregatorParameter>>;
  /** Why it makes no sense with a config, and what would; null: it does. */
  readonly refusal?: (context: TechniqueContext) => Refusal | null;
  /** Those of the techniques before it that do the same thing in another way. */
  readonly excludes?: readonly string[];
  /** Its part of the loss. */
  readonly loss?: (parameters: Parameters, classes: ClassCounts) => Partial<LossShape>;
  /** Share α of the parameters in their average after a step: θ̄ ← θ̄ + α(θ − θ̄). @param step 1-based */
  readonly averaging?: (parameters: Parameters, step: number, steps: number) => number;
  /** Noise on pretrained tensors, relative to the spread of their values. */
  readonly noise?: (parameters: Parameters) => number;
  /** Share of the inputs of pretrained layers that keep their weights in a step. */
  readonly mixing?: (parameters: Parameters) => number;
  readonly ascent?: (parameters: Parameters) => Ascent;
  readonly stability?: (parameters: Parameters) => Stability;
  /** Steps at the beginning that train the head only. */
  readonly headSteps?: (parameters: Parameters, steps: number) => number;
  /** Share of the training texts, shortest first, that a step draws from. @param step 1-based */
  readonly competence?: (parameters: Parameters, step: number, steps: number) => number;
}

export interface Refusal {
  readonly message: string;
  readonly expected: string;
}

/** @param what needs classes */
export function classesOnly(what: string): NonNullable<Technique['refusal']> {
  return ({ task }) =>
    task === 'classification'
      ? null
      : {
          message: `${what} needs classes, which task: ${task} does not have`,
          expected: 'task: classification, or no such key',
        };
}

/** @param does with pretrained weights */
export function needsPretrainedWeights(
  what: string,
  does: string,
): NonNullable<Technique['refusal']> {
  return ({ isTransformer, isPretrained, hasAdapter }) => {
    if (hasAdapter) {
      return {
        message: `${what} ${does}, but model.adapter leaves pretrained weights as they are`,
        expected: 'no model.adapter, or no such key',
      };
    }
    if (isTransformer && isPretrained) return null;
    return {
      message: `${what} ${does}, of a transformer`,
      expected: 'model.from with texts or images, or no such key',
    };
  };
}

/**
 * Scaled such that a training example has weight 1 on average: the loss keeps its size, and with it the meaning of a learning rate.
 */
export function normalized(weights: readonly number[], { counts }: ClassCounts): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const weighted = counts.reduce((sum, count, c) => sum + count * weights[c]!, 0);
  return weights.map((weight) => (weight * total) / weighted);
}
