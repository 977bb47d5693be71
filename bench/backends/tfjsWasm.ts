/** tfjs's WASM backend for one thread, with what src/backends adds to it. */
import * as tf from '@tensorflow/tfjs-core';
import { openPlainWasm } from '../../src/backends/wasm/wasm.ts';
import { encoderStep, plain, productTask } from './encoder.ts';
import { serve } from './engine.ts';

tf.enableProdMode();
await openPlainWasm('it is compared');
await serve({
  product: productTask,
  step: (model, initial) => encoderStep(model, initial, plain),
});
