/** @jax-js/jax, compiled, on its WASM backend. Argument: threads; above 1 it needs the `Worker` of browsers. */
import { Worker as NodeWorker } from 'node:worker_threads';
import { batchOf, type EncoderCase, parametersOf } from './cases.ts';
import { LEARNING_RATE, serve, type Task } from './engine.ts';

const threads = Number(process.argv[2]);
if (threads > 1) {
  Object.assign(globalThis, { Worker: browserWorker() });
  Object.defineProperty(globalThis.navigator, 'hardwareConcurrency', { value: threads });
}
const jax = await import('@jax-js/jax');
const { numpy: np, nn } = jax;
type JaxArray = InstanceType<typeof jax.Array>;
type Weights = Record<string, JaxArray>;

await jax.init('wasm');
jax.defaultDevice('wasm');
/** Its threads do not keep Node alive. */
setInterval(() => {}, 1e6);

await serve({ product, step });

function product(m: number, k: number, n: number): Task {
  const a = np.array(Float32Array.from({ length: m * k }, Math.random)).reshape([m, k]);
  const b = np.array(Float32Array.from({ length: k * n }, Math.random)).reshape([k, n]);
  const multiply = jax.jit((x: JaxArray, y: JaxArray) => np.matmul(x, y));
  return {
    run: async () => {
      (await jax.blockUntilReady(multiply(a.ref, b.ref))).dispose();
      return 0;
    },
    dispose: () => {
      for (const matrix of [a, b]) matrix.dispose();
      multiply.dispose();
    },
  };
}

async function step(
  model: EncoderCase,
  initial: readonly Float32Array<ArrayBufferLike>[],
): Promise<Task> {
  const trained: Weights = {};
  const frozen: Weights = {};
  parametersOf(model).forEach(({ name, shape, trained: isTrained }, i) => {
    const values = new Float32Array(initial[i]!);
    // Compiled, the gradient of a gather fails ("routine primitive scatter input is not imm"): token embeddings are not trained.
    (isTrained && name !== 'tokens' ? trained : frozen)[name] = np
      .array(values)
      .reshape([...shape]);
  });
  const { ids, mask, labels } = batchOf(model);
  const data: Weights = {
    ids: np.array(ids),
    mask: np.array(mask).reshape([model.batch, 1, 1, model.length]),
    labels: nn.oneHot(np.array(labels), model.classes),
  };
  const descend = jax.jit((weights: Weights, fixed: Weights, batch: Weights) => {
    const [loss, gradient] = jax.valueAndGrad((w: Weights) =>
      lossOf(model, { ...w, ...fixed }, batch),
    )(jax.tree.ref(weights)) as [JaxArray, Weights];
    const next: Weights = {};
    for (const name of Object.keys(weights)) {
      next[name] = weights[name]!.sub(gradient[name]!.mul(LEARNING_RATE));
    }
    return [loss, next] as [JaxArray, Weights];
  });
  let weights = trained;
  return {
    run: async () => {
      const [loss, next] = descend(weights, jax.tree.ref(frozen), jax.tree.ref(data));
      await jax.blockUntilReady(next);
      weights = next;
      return Number(await loss.data().then((values: ArrayLike<number>) => values[0]));
    },
    dispose: () => {
      jax.tree.dispose(weights);
      jax.tree.dispose(frozen);
      jax.tree.dispose(data);
      descend.dispose();
    },
  };
}

/** Every array is consumed by its use: `.ref` where it is used again. */
function lossOf(model: EncoderCase, weights: Weights, batch: Weights): JaxArray {
  const { layers, heads, length, width } = model;
  const get = (name: string) => weights[name]!.ref;
  const dense = (x: JaxArray, name: string) => {
    const low = weights[`${name}.down`] && np.matmul(x.ref, get(`${name}.down`));
    const y = np.matmul(x, get(`${name}.weight`)).add(get(`${name}.bias`));
    return low ? y.add(np.matmul(low, get(`${name}.up`))) : y;
  };
  const norm = (x: JaxArray, name: string) =>
    nn
      .standardize(x, -1, { epsilon: 1e-12 })
      .mul(get(`${name}.gamma`))
      .add(get(`${name}.beta`));
  const split = (x: JaxArray) => x.reshape([model.batch, length, heads, width / heads]);

  const words = np.take(get('tokens'), batch.ids!, 0).reshape([model.batch, length, width]);
  let x = norm(words.add(get('positions')), 'norm');
  for (let i = 0; i < layers; i++) {
    const q = split(dense(x.ref, `${i}.query`));
    const k = split(dense(x.ref, `${i}.key`));
    const v = split(dense(x.ref, `${i}.value`));
    const mixed = nn.dotProductAttention(q, k, v, { bias: batch.mask!.ref });
    const heard = dense(mixed.reshape([model.batch, length, width]), `${i}.mix`);
    x = norm(x.add(heard), `${i}.norm1`);
    const inner = nn.gelu(dense(x.ref, `${i}.wide`), { approximate: false });
    x = norm(x.add(dense(inner, `${i}.narrow`)), `${i}.norm2`);
  }
  batch.mask!.dispose();
  const [first, rest] = np.split(x, [1], 1);
  rest!.dispose();
  const logits = dense(first!.reshape([model.batch, width]), 'head');
  for (const weight of Object.values(weights)) weight.dispose();
  return np.mean(np.sum(nn.logSoftmax(logits).mul(batch.labels!), -1)).neg();
}

/** The part of a browser's Worker that jax-js uses. */
function browserWorker() {
  const prelude = `const { parentPort } = require('node:worker_threads');
    globalThis.self = globalThis;
    globalThis.postMessage = (message) => parentPort.postMessage(message);
    parentPort.on('message', (data) => self.onmessage({ data }));\n`;
  return class {
    onmessage?: (event: { data: unknown }) => void;
    onerror?: (event: { message: string }) => void;
    readonly #started: Promise<NodeWorker>;
    #worker?: NodeWorker;

    constructor(url: string) {
      this.#started = fetch(url)
        .then((response) => response.text())
        .then((source) => {
          const worker = new NodeWorker(prelude + source, { eval: true });
          worker.on('message', (data) => this.onmessage?.({ data }));
          worker.on('error', (error: Error) => this.onerror?.(error));
          this.#worker = worker;
          return worker;
        });
    }

    postMessage(message: unknown): void {
      if (this.#worker) this.#worker.postMessage(message);
      else this.#started.then((worker) => worker.postMessage(message));
    }
  };
}
