import * as tf from '@tensorflow/tfjs-core';
import type {
  GradientSource,
  GroupGradient,
  SeparateSource,
} from '../../nn/module/gradientSource.ts';

/**
 * The gradients of some variables only, numbered in their order; the others are disposed of as they arrive.
 *
 * @param variables indices into `model.trainable`, ascending
 */
export function chosenGradients(
  source: GradientSource,
  variables: readonly number[],
): GradientSource {
  if (source.kind === 'separate') {
    return { kind: 'separate', groups: ofGroups(source.groups, variables) };
  }
  const places = new Map(variables.map((variable, place) => [variable, place]));
  return {
    kind: 'grouped',
    tied: (source.tied ?? []).flatMap((variable) => places.get(variable) ?? []),
    run: (sink) =>
      source.run({
        add: (variable, gradient) => {
          const place = places.get(variable);
          if (place === undefined) gradient.stacked.dispose();
          else sink.add(place, gradient);
        },
        flush: () => sink.flush(),
      }),
  };
}

async function* ofGroups(
  groups: SeparateSource['groups'],
  variables: readonly number[],
): AsyncGenerator<GroupGradient> {
  for await (const { loss, gradients } of groups) {
    const chosen = variables.map((variable) => gradients[variable]!);
    tf.dispose(gradients.filter((gradient) => !chosen.includes(gradient)));
    yield { loss, gradients: chosen };
  }
}
