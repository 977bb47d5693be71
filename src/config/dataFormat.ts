import path from 'node:path';

/** How a file holds a table. */
export const dataFormats = ['csv', 'tsv', 'jsonl', 'parquet'] as const;

export type DataFormat = (typeof dataFormats)[number];

/** Told by the file's extension; CSV where that says nothing. */
export function formatOf(file: string): DataFormat {
  const extension = path.extname(file).toLowerCase().slice(1);
  if (extension === 'ndjson') return 'jsonl';
  return dataFormats.find((format) => format === extension) ?? 'csv';
}
