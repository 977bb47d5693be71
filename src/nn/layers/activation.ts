import type { Activation } from '../../backends/operations/operations.ts';
import type { Layer } from '../module/pass.ts';

export function activation(kind: Activation): Layer {
  return (x, { operations }) => ({
    y: operations.activation(kind, x),
    back: (dy, needsInput = true) => (needsInput ? operations.activationInput(kind, x, dy) : null),
  });
}
