/** tfjs's WASM backend and autograd with our kernels on shared memory. Arguments: threads; `plain` for no fused multiply-add. */
import { encoderStep, productTask } from './encoder.ts';
import { serve } from './engine.ts';
import { useWasmKernels } from './ownKernels.ts';

const operations = await useWasmKernels(process.argv[3] !== 'plain', Number(process.argv[2]));
await serve({
  product: productTask,
  step: (model, initial) => encoderStep(model, initial, operations),
});
