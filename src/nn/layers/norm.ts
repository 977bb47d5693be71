import type { Parameter } from '../module/parameter.ts';
import type { Layer, Vector } from '../module/pass.ts';
import type { Section } from './parameters.ts';

/**
 * Layer normalisation (Ba et al., arXiv 1607.06450).
 *
 * @param name after the section's
 */
export async function layerNorm(
  section: Section,
  name: string,
  { width, normEpsilon }: { readonly width: number; readonly normEpsilon: number },
): Promise<Layer> {
  const { gamma, beta } = await section.norm(name, width);
  return (x, { operations, bounds, sink }) => {
    const { y, stats } = operations.layerNorm(x, gamma.value, beta.value, normEpsilon);
    return {
      y,
      back(dy, needsInput = true) {
        if (gamma.trained || beta.trained) {
          const slopes = operations.layerNormParameters(x, stats, dy, bounds);
          if (gamma.trained) sink!.add(gamma, { stacked: slopes.gamma });
          if (beta.trained) sink!.add(beta, { stacked: slopes.beta });
        }
        return needsInput ? operations.layerNormInput(x, gamma.value, stats, dy) : null;
      },
    };
  };
}

/** Root mean square normalisation (Zhang & Sennrich, arXiv 1910.07467). */
export function rmsNorm(gamma: Parameter<Vector>, epsilon: number): Layer {
  return (x, { operations, bounds, sink }) => {
    const { y, stats } = operations.rmsNorm(x, gamma.value, epsilon);
    return {
      y,
      back(dy, needsInput = true) {
        if (gamma.trained) {
          sink!.add(gamma, { stacked: operations.rmsNormParameter(x, stats, dy, bounds) });
        }
        return needsInput ? operations.rmsNormInput(x, gamma.value, stats, dy) : null;
      },
    };
  };
}
