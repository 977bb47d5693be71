/** Checks the schema of an Arrow file, before flechette decodes it. */
import { Type } from '@uwdata/flechette';
import type { FlatTable } from './flatbuffer.ts';

/** A field of a schema; equal for equal fields. */
export interface ArrowField {
  readonly name: string;
  /** Of the values; for a dictionary, of what it contains. */
  readonly type: number;
  /** Numbers that belong to the type. */
  readonly parameters: readonly number[];
  readonly nullable: number;
  /** Of the dictionary that the values are indices into; null without one. */
  readonly dictionary: {
    readonly id: number;
    readonly bits: number;
    readonly signed: number;
  } | null;
  readonly children: readonly ArrowField[];
}

/** Deeper nesting is taken for damage. */
const MAX_DEPTH = 64;

/** @throws Error for a schema that is damaged, or is not supported */
export function fieldsOf(schema: FlatTable | null): readonly ArrowField[] {
  if (!schema) throw new Error('damaged metadata: no schema');
  if (schema.int16(0) !== 0) throw new Error('numbers are big-endian, which is not supported');
  schema.checkPairs(2);
  schema.int64s(3, 1);
  return schema.tables(1).map((field) => fieldOf(field, 0));
}

function fieldOf(field: FlatTable, depth: number): ArrowField {
  const name = field.text(0);
  const type = field.int8(2);
  const about = field.table(3);
  if (name === null || !about || depth > MAX_DEPTH) throw new Error('damaged metadata: a field');
  field.checkPairs(6);
  const encoding = field.table(4);
  const indices = encoding?.table(1);
  const children = field.tables(5).map((child) => fieldOf(child, depth + 1));
  const dictionary = encoding && {
    id: encoding.int64(0),
    bits: indices ? indices.int32(0) : 32,
    signed: indices ? indices.int8(1) : 1,
  };
  const parameters = parametersOf(type, about);
  const valid = isValid(type, parameters, children.length);
  if (!valid) throw new Error(`column "${name}" has a damaged type`);
  if (dictionary && (children.length > 0 || type === Type.Null)) {
    throw new Error(`column "${name}" is a dictionary of nested values, which is not supported`);
  }
  return { name, type, parameters, nullable: field.int8(1), dictionary, children };
}

function parametersOf(type: number, about: FlatTable): readonly number[] {
  switch (type) {
    case Type.Int:
      return [about.int32(0), about.int8(1)];
    case Type.Float:
    case Type.Interval:
      return [about.int16(0)];
    case Type.Decimal:
      return [about.int32(0), about.int32(1), about.int32(2, 128)];
    case Type.Date:
    case Type.Duration:
      return [about.int16(0, 1)];
    case Type.Time:
      return [about.int16(0, 1), about.int32(1, 32)];
    case Type.Timestamp:
      about.text(1);
      return [about.int16(0)];
    case Type.FixedSizeBinary:
    case Type.FixedSizeList:
      return [about.int32(0)];
    case Type.Union:
      return [about.int16(0)];
    case Type.Map:
      return [about.int8(0)];
    default:
      return [];
  }
}

const WIDTHS = [8, 16, 32, 64];

function isValid(
  type: number,
  [first = 0, second = 0, third = 0]: readonly number[],
  children: number,
) {
  switch (type) {
    case Type.Int:
      return WIDTHS.includes(first);
    case Type.Float:
    case Type.Interval:
      return first >= 0 && first <= 2;
    case Type.Decimal: {
      const digits = { 32: 9, 64: 18, 128: 38, 256: 76 }[third] ?? 0;
      return first >= 1 && first <= digits && second >= 0 && second <= digits;
    }
    case Type.Date:
      return first === 0 || first === 1;
    case Type.Duration:
    case Type.Timestamp:
      return first >= 0 && first <= 3;
    case Type.Time:
      return first >= 0 && first <= 3 && second === (first < 2 ? 32 : 64);
    case Type.FixedSizeBinary:
    case Type.FixedSizeList:
      return first >= 0 && (type === Type.FixedSizeBinary || children === 1);
    case Type.List:
    case Type.LargeList:
    case Type.ListView:
    case Type.LargeListView:
    case Type.Map:
      return children === 1;
    case Type.RunEndEncoded:
      return children === 2;
    case Type.Struct:
    case Type.Union:
      return true;
    default:
      return type >= Type.Null && type <= Type.LargeListView && children === 0;
  }
}

const NESTED: ReadonlyMap<number, string> = new Map([
  [Type.List, 'lists'],
  [Type.LargeList, 'lists'],
  [Type.ListView, 'lists'],
  [Type.LargeListView, 'lists'],
  [Type.FixedSizeList, 'lists'],
  [Type.Struct, 'objects'],
  [Type.Map, 'maps'],
  [Type.Union, 'values of different types (a union)'],
  [Type.RunEndEncoded, 'run-end encoded values'],
  [Type.Interval, 'intervals'],
]);

/** What the values of a column are if they can be no feature, label or text; null if they can. */
export function unusable({ type }: ArrowField): string | null {
  return NESTED.get(type) ?? null;
}

/** How many nodes and buffers a record batch has for a field; null where that depends on the file's version. */
export function partsOf({ type, dictionary, children }: ArrowField): Parts | null {
  if (dictionary) return { nodes: 1, buffers: 2, views: 0 };
  const own = BUFFERS.has(type) ? BUFFERS.get(type) : 2;
  if (own === null || own === undefined) return null;
  const isView = type === Type.BinaryView || type === Type.Utf8View;
  return sumOf([{ nodes: 1, buffers: own, views: Number(isView) }, ...children.map(partsOf)]);
}

export interface Parts {
  readonly nodes: number;
  readonly buffers: number;
  /** Fields whose number of buffers is written in each batch. */
  readonly views: number;
}

export function sumOf(parts: readonly (Parts | null)[]): Parts | null {
  return parts.reduce<Parts | null>(
    (sum, part) =>
      sum &&
      part && {
        nodes: sum.nodes + part.nodes,
        buffers: sum.buffers + part.buffers,
        views: sum.views + part.views,
      },
    { nodes: 0, buffers: 0, views: 0 },
  );
}

/** Where it is not two: which values are missing, and the values. */
const BUFFERS: ReadonlyMap<number, number | null> = new Map<number, number | null>([
  [Type.Null, 0],
  [Type.Utf8, 3],
  [Type.Binary, 3],
  [Type.LargeUtf8, 3],
  [Type.LargeBinary, 3],
  [Type.ListView, 3],
  [Type.LargeListView, 3],
  [Type.Struct, 1],
  [Type.FixedSizeList, 1],
  [Type.RunEndEncoded, 0],
  [Type.Union, null],
]);
