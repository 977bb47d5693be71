/** tfjs's WASM backend and autograd with own kernels on shared memory. Arguments: threads; `plain` for no fused multiply-add. */
import { encoderStep, productTask } from './encoder.ts';
import { serve } from './engine.ts';
import { compileKernels, useOwnKernels } from './ownKernels.ts';
import { openSharedWasm } from './sharedWasm.ts';

const operations = useOwnKernels(
  await openSharedWasm(),
  compileKernels(process.argv[3] !== 'plain'),
  Number(process.argv[2]),
);
await serve({
  product: productTask,
  step: (model, initial) => encoderStep(model, initial, operations),
});
