/** Checks that the metadata of a Parquet file are complete and fit together: the library takes what it finds. */
import { type AsyncBuffer, type ColumnMetaData, type FileMetaData, parquetSchema } from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import * as z from 'zod';
import { checkThrift, fileMetadata } from './thrift.ts';

const count = z.bigint().min(0n);

/** The fields that the format requires. */
const schema = z.looseObject({
  version: z.int(),
  schema: z.array(
    z.looseObject({
      name: z.string(),
      type: z.string().optional(),
      repetition_type: z.string().optional(),
      num_children: z.int().min(0).optional(),
    }),
  ),
  num_rows: count,
  row_groups: z.array(
    z.looseObject({
      num_rows: count,
      total_byte_size: z.bigint(),
      columns: z.array(
        z.looseObject({
          file_path: z.undefined().optional(),
          file_offset: z.bigint(),
          meta_data: z.looseObject({
            type: z.string(),
            encodings: z.array(z.string()),
            path_in_schema: z.array(z.string()).min(1),
            codec: z.string(),
            num_values: count,
            total_uncompressed_size: count,
            total_compressed_size: count,
            data_page_offset: count,
            dictionary_page_offset: count.optional(),
            encoding_stats: z
              .array(z.looseObject({ page_type: z.string(), encoding: z.string(), count: z.int() }))
              .optional(),
          }),
        }),
      ),
    }),
  ),
});

const MAGIC = 'PAR1';

/** @throws Error for metadata that are not whole, before the library reads them */
export async function checkFooter(buffer: AsyncBuffer): Promise<void> {
  const size = buffer.byteLength;
  const tail = Buffer.from(await buffer.slice(Math.max(0, size - 8), size));
  if (tail.length < 8 || tail.toString('latin1', 4) !== MAGIC) {
    throw new Error('the file is cut off: it has no end');
  }
  const start = size - 8 - tail.readUInt32LE();
  if (start < 4) throw new Error('damaged metadata: longer than the file');
  const bytes = Buffer.from(await buffer.slice(start, size - 8));
  checkThrift(bytes, 0, fileMetadata);
  const {
    field_2: elements = [],
    field_4: groups = [],
    field_7: orders,
  } = deserializeTCompactProtocol({
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
  });
  for (const element of elements) checkAnnotation(element);
  const columns = groups[0]?.field_1?.length;
  if (orders && columns !== undefined && orders.length !== columns) {
    throw new Error(`damaged metadata: orders of ${orders.length} columns, not ${columns}`);
  }
}

/** The last of `ConvertedType` and of `LogicalType` in parquet.thrift. */
const [LAST_CONVERTED, LAST_LOGICAL] = [21, 18];

/** What an element of the schema means: the library takes an unknown meaning for none. */
function checkAnnotation({ field_6: converted, field_10: logical }: SchemaElement): void {
  const isKnown = converted === undefined || (converted >= 0 && converted <= LAST_CONVERTED);
  const kinds = Object.keys(logical ?? { field_1: {} });
  const isOne = kinds.length === 1 && Number(kinds[0]!.slice('field_'.length)) <= LAST_LOGICAL;
  if (!isKnown || !isOne) throw new Error('damaged metadata: the type of a column');
}

interface SchemaElement {
  readonly field_6?: number;
  readonly field_10?: Readonly<Record<string, unknown>>;
}

/** @throws Error for metadata that are not those of this file */
export function checkMetadata(buffer: AsyncBuffer, metadata: FileMetaData): void {
  const { error } = schema.safeParse(metadata);
  if (error) {
    const { path, message } = error.issues[0]!;
    throw new Error(`damaged metadata: ${path.join('.')}: ${message}`);
  }
  // All but the root say whether they may be missing.
  const vague = metadata.schema.slice(1).find(({ repetition_type }) => !repetition_type);
  if (vague) throw new Error(`damaged metadata: no repetition type of "${vague.name}"`);
  const { num_rows, row_groups } = metadata;
  const total = row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (total !== num_rows) throw new Error(`row groups of ${total} rows, in a file of ${num_rows}`);
  const leaves = leavesOf(parquetSchema(metadata));
  for (const { columns } of row_groups) {
    if (columns.length !== leaves.length) {
      throw new Error(`a row group of ${columns.length} columns, not ${leaves.length}`);
    }
    for (const [index, { meta_data: column }] of columns.entries())
      checkColumn(buffer, column!, leaves[index]!);
  }
}

interface Leaf {
  readonly path: string;
  readonly type: string | undefined;
}

function leavesOf({ children, element, path }: ReturnType<typeof parquetSchema>): Leaf[] {
  if (children.length > 0) return children.flatMap(leavesOf);
  return [{ path: path.join('.'), type: element.type }];
}

function checkColumn(buffer: AsyncBuffer, column: ColumnMetaData, leaf: Leaf): void {
  const path = column.path_in_schema.join('.');
  if (path !== leaf.path || column.type !== leaf.type) {
    throw new Error(`column "${path}" (${column.type}) in place of "${leaf.path}" (${leaf.type})`);
  }
  const { start, end } = rangeOf(column);
  if (start < 4 || end > buffer.byteLength)
    throw new Error(`column "${path}" lies beyond the file`);
}

/** Where the pages of a column are. */
export function rangeOf(column: ColumnMetaData): { readonly start: number; readonly end: number } {
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  return { start, end: start + Number(column.total_compressed_size) };
}
