import type { Parameter } from '../module/parameter.ts';
import type { Layer, Vector } from '../module/pass.ts';

/** Layer normalization (Ba et al., arXiv 1607.06450). */
export function layerNorm(
  { gamma, beta }: { readonly gamma: Parameter<Vector>; readonly beta: Parameter<Vector> },
  epsilon: number,
): Layer {
  return (x, { operations, bounds, sink }) => {
    const { y, stats } = operations.layerNorm(x, gamma.value, beta.value, epsilon);
    return {
      y,
      backward(dy, needsInputGradient = true) {
        if (gamma.trained || beta.trained) {
          const gradients = operations.layerNormParameters(x, stats, dy, bounds);
          if (gamma.trained) sink!.add(gamma, { stacked: gradients.gamma });
          if (beta.trained) sink!.add(beta, { stacked: gradients.beta });
        }
        return needsInputGradient ? operations.layerNormInput(x, gamma.value, stats, dy) : null;
      },
    };
  };
}

/** Root mean square normalization (Zhang & Sennrich, arXiv 1910.07467). */
export function rmsNorm(gamma: Parameter<Vector>, epsilon: number): Layer {
  return (x, { operations, bounds, sink }) => {
    const { y, stats } = operations.rmsNorm(x, gamma.value, epsilon);
    return {
      y,
      backward(dy, needsInputGradient = true) {
        if (gamma.trained) {
          sink!.add(gamma, { stacked: operations.rmsNormParameter(x, stats, dy, bounds) });
        }
        return needsInputGradient ? operations.rmsNormInput(x, gamma.value, stats, dy) : null;
      },
    };
  };
}
