/** Scalars in an event file of TensorBoard: tensorflow/core/util/event.proto and framework/summary.proto. */
import { FIXED32, type Field, fieldsOf, LENGTH_DELIMITED, numberOf } from './protobuf.ts';
import { EventFileError, recordsOf } from './records.ts';

export interface TaggedScalar {
  readonly step: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly tag: string;
  /** May be NaN or infinite. */
  readonly value: number;
}

/** Data types of tensors that hold scalars. */
const [FLOAT, DOUBLE] = [1, 2];

/**
 * In the order of the file, which is read as they are asked for. Other summaries, such as images, are left out.
 * @throws EventFileError with the offset, if the file is damaged
 */
export async function* scalarsIn(file: string): AsyncGenerator<TaggedScalar> {
  /** Writers may say only in a tag's first summary what its tensors are. */
  const scalarTags = new Set<string>();
  let isFirst = true;
  for await (const { offset, data } of recordsOf(file)) {
    let scalars: TaggedScalar[];
    try {
      scalars = scalarsOf(data, scalarTags);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new EventFileError(file, offset, `a record is not an event: ${error.message}`);
    }
    isFirst = false;
    yield* scalars;
  }
  if (isFirst) throw new EventFileError(file, 0, 'the file is empty');
}

/** Event { wall_time = 1 (double), step = 2 (int64), summary = 5 } */
function scalarsOf(event: Buffer, scalarTags: Set<string>): TaggedScalar[] {
  let [at, step] = [0, 0];
  const values: Buffer[] = [];
  for (const { number, bytes } of fieldsOf(event)) {
    if (number === 1) at = 1000 * bytes.readDoubleLE();
    if (number === 2) step = numberOf(bytes);
    if (number === 5) values.push(...messages(bytes, 1));
  }
  return values.flatMap((value) => {
    const scalar = scalarOf(value, scalarTags);
    return scalar && step >= 0 ? [{ step, at, ...scalar }] : [];
  });
}

/** Summary.Value { tag = 1, simple_value = 2 (float), tensor = 8, metadata = 9 }; null if it is not a scalar. */
function scalarOf(
  value: Buffer,
  scalarTags: Set<string>,
): Pick<TaggedScalar, 'tag' | 'value'> | null {
  const fields = [...fieldsOf(value)];
  const last = (number: number) => fields.findLast((field) => field.number === number);
  const tag = last(1)?.bytes.toString() ?? '';
  const simple = last(2);
  if (simple?.wireType === FIXED32) return { tag, value: simple.bytes.readFloatLE() };
  // SummaryMetadata { plugin_data = 1 { plugin_name = 1 } }
  const plugin = messages(last(9)?.bytes, 1).flatMap((data) => messages(data, 1))[0];
  if (plugin?.toString() === 'scalars') scalarTags.add(tag);
  const tensor = last(8);
  if (!tensor || !scalarTags.has(tag)) return null;
  const number = tensorValue(tensor);
  return number === null ? null : { tag, value: number };
}

/** TensorProto { dtype = 1, tensor_content = 4, float_val = 5, double_val = 6 } of one float or double; null for others. */
function tensorValue({ bytes }: Field): number | null {
  const fields = [...fieldsOf(bytes)];
  const of = (number: number) => fields.find((field) => field.number === number)?.bytes;
  const type = of(1) && numberOf(of(1)!);
  if (type !== FLOAT && type !== DOUBLE) return null;
  // Values are packed, or single fields; either way their first bytes are the number.
  const value = of(4) ?? of(type === FLOAT ? 5 : 6);
  const size = type === FLOAT ? 4 : 8;
  if (value?.length !== size) return null;
  return type === FLOAT ? value.readFloatLE() : value.readDoubleLE();
}

/** Messages, or texts, in the fields of that number. */
function messages(message: Buffer | undefined, number: number): Buffer[] {
  const fields = message ? [...fieldsOf(message)] : [];
  return fields
    .filter((field) => field.number === number && field.wireType === LENGTH_DELIMITED)
    .map(({ bytes }) => bytes);
}
