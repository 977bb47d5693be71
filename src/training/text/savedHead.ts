import { firstFew } from '../../config/diagnostic.ts';
import type { Config } from '../../config/schema.ts';
import { lookAlikeKey } from '../../data/lookAlikes.ts';
import type { CheckpointConfig } from '../../hub/architecture/checkpointConfig.ts';
import type { TensorReader } from '../../nn/parameters/source.ts';

/** Whether and how a checkpoint's head is reused. */
export interface SavedHead {
  /** For each trained output the saved output that it starts from; null if the head is initialized afresh. */
  readonly order: readonly number[] | null;
  /** Messages for the user. */
  readonly warnings: readonly string[];
}

/** transformers' default names of classes. */
const UNNAMED = /^LABEL_(\d+)$/;

/**
 * Whether a saved head is reused. By default it is: for regression if it has one output, for classification if its outputs have the
 * names of the classes, in any order; LABEL_0 is class 0. Names that differ only in how they are written, such as True and true,
 * match with a warning, if each has one such partner.
 *
 * @param saved the checkpoint's classes; null if it has no head, or its config does not describe one
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
  const byLooks = hasAsMany ? orderByLooks(saved, classes) : null;
  if (byLooks) return { order: byLooks, warnings: [matched(saved!, classes, byLooks)] };
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

function orderByLooks(saved: readonly string[], classes: readonly string[]) {
  const order = orderByName(saved.map(keyOf), classes.map(lookAlikeKey));
  return order && new Set(order).size === order.length ? order : null;
}

const keyOf = (name: string) => lookAlikeKey(UNNAMED.exec(name)?.[1] ?? name);

function matched(
  saved: readonly string[],
  classes: readonly string[],
  order: readonly number[],
): string {
  const pairs = order.map((output, i) => `output ${output} (${saved[output]}) is ${classes[i]}`);
  return `The saved head's outputs are named like the classes of the data, but written otherwise: ${firstFew(pairs)}. To replace the head, set model.head: new`;
}

function assigned(saved: readonly string[] | null, classes: readonly string[]): string {
  const pairs = classes.map(
    (name, i) => `output ${i}${saved?.[i] ? ` (${saved[i]})` : ''} is ${name}`,
  );
  const names = saved ? 'are not named like the classes of the data' : 'have no names';
  return `model.head is keep, but the saved head's outputs ${names}. They are assigned in order: ${firstFew(pairs)}`;
}

function replaced(saved: readonly string[], classes: readonly string[]): string {
  return `The saved head is replaced by a new one, because its outputs are named ${firstFew(saved)}, but the classes of the data ${firstFew(classes)}. To reuse it, with its outputs assigned to these classes in this order, set model.head: keep. To replace it without this warning, set model.head: new`;
}

/** The output layer's name in BERT and DistilBERT, RoBERTa, and decoders. */
const OUTPUTS = /^(classifier|classifier\.out_proj|score)\.(weight|bias)$/;

/** The checkpoint with its head's outputs in another order. @param order see `SavedHead.order` */
export function withReorderedOutputs(
  tensors: TensorReader,
  order: readonly number[],
): TensorReader {
  return {
    names: tensors.names,
    shapeOf: (name) => tensors.shapeOf(name),
    dtypeOf: (name) => tensors.dtypeOf(name),
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
