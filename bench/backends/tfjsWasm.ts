/** tfjs's WASM backend with the kernels of src/training/devices and the gradient of gather: one thread. */
import { openDevice } from '../../src/training/devices/device.ts';
import { encoderStep, plain, productTask } from './encoder.ts';
import { serve } from './engine.ts';
import { registerSegmentSum } from './segmentSum.ts';

await openDevice('wasm');
registerSegmentSum();
await serve({
  product: productTask,
  step: (model, initial) => encoderStep(model, initial, plain),
});
