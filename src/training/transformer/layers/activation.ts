import type { Activation } from '../operations.ts';
import type { Layer } from '../pass.ts';

export function activation(kind: Activation): Layer {
  return (x, { operations }) => ({
    y: operations.activation(kind, x),
    back: (dy, needsInput = true) => (needsInput ? operations.activationInput(kind, x, dy) : null),
  });
}
