/** TensorBoard's event files: TFRecords, each an Event of tensorflow/core/util/event.proto, of which three fields are used. */
import type { RunSummary } from '../store.ts';
import { bytesField, FIXED32, FIXED64, tag, VARINT, varint } from '../tensorboard/protobuf.ts';
import { record } from '../tensorboard/records.ts';
import { type Scalar, scalarsOf } from './scalars.ts';

/** The records of a file that has the scalars of a run with the tags of their series. */
export async function* eventRecords(run: RunSummary): AsyncGenerator<Buffer> {
  yield record(event(createdAt(run), 0, bytesField(3, Buffer.from('brain.Event:2'))));
  for await (const scalar of scalarsOf(run)) yield record(summaryOf(scalar));
}

/** As TensorBoard expects it, which takes files with "tfevents" in their names. */
export function eventFileName(run: RunSummary): string {
  const seconds = Math.floor(createdAt(run) / 1000);
  return `events.out.tfevents.${String(seconds).padStart(10, '0')}.grain`;
}

function createdAt({ manifest }: RunSummary): number {
  return Date.parse(manifest.createdAt);
}

/** Event { wall_time = 1 (double), step = 2 (int64), summary = 5 { value = 1 { tag = 1, simple_value = 2 (float) } } } */
function summaryOf({ at, step, series, value }: Scalar): Buffer {
  const simple = Buffer.alloc(4);
  simple.writeFloatLE(value);
  const entry = Buffer.concat([bytesField(1, Buffer.from(series)), tag(2, FIXED32), simple]);
  return event(at, step, bytesField(5, bytesField(1, entry)));
}

function event(at: number, step: number, rest: Buffer): Buffer {
  const wallTime = Buffer.alloc(8);
  wallTime.writeDoubleLE(at / 1000);
  return Buffer.concat([tag(1, FIXED64), wallTime, tag(2, VARINT), varint(step), rest]);
}
