import type { Config } from '../../config/schema.ts';
import type { CheckpointConfig } from '../../hub/architecture/checkpointConfig.ts';
import type { TensorReader } from '../../nn/layers/parameters.ts';

/** What becomes of a checkpoint's head. */
export interface SavedHead {
  /** Of each output that is trained, the saved one that it starts from; null where the head starts from fresh values. */
  readonly order: readonly number[] | null;
  /** What a user should know of it. */
  readonly warnings: readonly string[];
}

/** What transformers calls classes that nobody named. */
const UNNAMED = /^LABEL_(\d+)$/;

/**
 * Whether a saved head is trained on. Where nothing is said it is, for regression if it has one output, for classification if its
 * outputs have the names of the classes, in whatever order; LABEL_0 is class 0.
 *
 * @param saved the checkpoint's classes; null where it is known to have no head, or its config says nothing of one
 * @param classes of the data
 */
export function savedHead(
  { classes: saved }: Pick<CheckpointConfig, 'classes'>,
  { task, model: { head } }: Pick<Config, 'task' | 'model'>,
  classes: readonly string[],
): SavedHead {
  if (head === 'new') return { order: null, warnings: [] };
  if (task !== 'classification') {
    const isKept = head === 'keep' || saved?.length === 1;
    return { order: isKept ? [0] : null, warnings: [] };
  }
  const hasAsMany = saved?.length === classes.length;
  const byName = hasAsMany ? orderByName(saved, classes) : null;
  if (byName) return { order: byName, warnings: [] };
  if (head === 'keep') {
    return { order: [...classes.keys()], warnings: [assigned(saved, classes)] };
  }
  return { order: null, warnings: hasAsMany ? [replaced(saved, classes)] : [] };
}

function orderByName(saved: readonly string[], classes: readonly string[]) {
  const numbers = saved.map((name) => UNNAMED.exec(name)?.[1] ?? name);
  const orders = [saved, numbers].map((names) => classes.map((name) => names.indexOf(name)));
  return orders.find((order) => !order.includes(-1)) ?? null;
}

function assigned(saved: readonly string[] | null, classes: readonly string[]): string {
  const pairs = classes.map(
    (name, i) => `output ${i}${saved?.[i] ? ` (${saved[i]})` : ''} is ${name}`,
  );
  const names = saved ? 'other names than the classes of the data' : 'no names';
  return `model.head: keep, and the outputs of the saved head have ${names}. They are taken in order: ${listed(pairs)}`;
}

function replaced(saved: readonly string[], classes: readonly string[]): string {
  return `The saved head is not used, a fresh one is trained: its outputs are called ${listed(saved)}, the classes of the data ${listed(classes)}. With model.head: keep it is trained on, its outputs taken as these classes in this order; model.head: new trains a fresh one without this warning`;
}

/** Names in a message: of very many the first alone. */
function listed(names: readonly string[]): string {
  const most = 10;
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}

/** What gives the outputs, as BERT and DistilBERT, RoBERTa, and decoders call it. */
const OUTPUTS = /^(classifier|classifier\.out_proj|score)\.(weight|bias)$/;

/** A checkpoint whose head has its outputs in another order. @param order as `SavedHead` has it */
export function withReorderedOutputs(
  tensors: TensorReader,
  order: readonly number[],
): TensorReader {
  return {
    names: tensors.names,
    shapeOf: (name) => tensors.shapeOf(name),
    read: async (name) => {
      const values = await tensors.read(name);
      if (!OUTPUTS.test(name)) return values;
      const width = values.length / order.length;
      const sorted = new Float32Array(values.length);
      order.forEach((from, to) => {
        sorted.set(values.subarray(from * width, (from + 1) * width), to * width);
      });
      return sorted;
    },
  };
}
