/** Kinds of files, told by their first bytes or their names: those that are no tables say what to do instead. */
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';

/** How many bytes are enough to tell. */
export const HEAD_BYTES = 512;

/** A kind of file that cannot be read as a table. */
interface ForeignKind {
  /** "an Excel workbook" */
  readonly name: string;
  readonly extensions?: readonly string[];
  /** Beginnings, in Latin-1. */
  readonly magic: readonly (string | ((head: string) => boolean))[];
  /** What to do; FILE stands for the file's name, NAME for its name without extension. */
  readonly advice: string;
}

const ZIP = 'PK\x03\x04';
const unzip = (command: string) => `Decompress it: ${command} FILE`;
const pandas = (reading: string) =>
  `Convert it, in Python: pandas.${reading}.to_parquet("NAME.parquet")`;

const foreignKinds: readonly ForeignKind[] = [
  {
    name: 'a Git LFS pointer, not the file itself',
    magic: ['version https://git-lfs.github.com/spec/'],
    advice: 'Run git lfs pull',
  },
  {
    name: 'a Feather file of version 1',
    magic: ['FEA1'],
    advice: pandas('read_feather("FILE")'),
  },
  {
    name: 'an Excel workbook',
    extensions: ['xlsx', 'xlsm', 'xls', 'ods'],
    magic: [
      (head) =>
        head.startsWith(ZIP) &&
        /xl\/|_rels\/|\[Content_Types\]|opendocument\.spreadsheet/.test(head),
      '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
    ],
    advice: 'Save it as CSV UTF-8',
  },
  {
    name: 'a zip archive',
    extensions: ['zip'],
    magic: [ZIP, 'PK\x05\x06'],
    advice: unzip('unzip'),
  },
  {
    name: 'compressed by bzip2',
    extensions: ['bz2'],
    magic: [(head) => /^BZh[1-9]1AY/.test(head)],
    advice: unzip('bunzip2'),
  },
  { name: 'compressed by xz', extensions: ['xz'], magic: ['\xfd7zXZ\0'], advice: unzip('unxz') },
  {
    name: 'compressed by zstd',
    extensions: ['zst'],
    magic: ['\x28\xb5\x2f\xfd'],
    advice: unzip('zstd -d'),
  },
  {
    name: 'compressed by LZ4',
    extensions: ['lz4'],
    magic: ['\x04\x22\x4d\x18'],
    advice: unzip('lz4 -d'),
  },
  {
    name: 'a 7-Zip archive',
    extensions: ['7z'],
    magic: ['7z\xbc\xaf\x27\x1c'],
    advice: unzip('7z x'),
  },
  {
    name: 'a tar archive',
    extensions: ['tar', 'tgz'],
    magic: [(head) => head.startsWith('ustar', 257)],
    advice: 'Unpack it: tar xf FILE',
  },
  { name: 'an ORC file', extensions: ['orc'], magic: ['ORC'], advice: pandas('read_orc("FILE")') },
  {
    name: 'an Avro file',
    extensions: ['avro'],
    magic: ['Obj\x01'],
    advice: 'Convert it to Parquet',
  },
  {
    name: 'an HDF5 file',
    extensions: ['h5', 'hdf5', 'hdf'],
    magic: ['\x89HDF\r\n\x1a\n'],
    advice: pandas('read_hdf("FILE")'),
  },
  {
    name: 'a NumPy array',
    extensions: ['npy', 'npz'],
    magic: ['\x93NUMPY'],
    advice:
      'Convert it, in Python: pandas.DataFrame(numpy.load("FILE")).to_csv("NAME.csv", index=False)',
  },
  {
    name: 'a Python pickle',
    extensions: ['pkl', 'pickle', 'pt', 'pth'],
    magic: ['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'],
    advice: pandas('read_pickle("FILE")'),
  },
  {
    name: 'an SQLite database',
    extensions: ['sqlite', 'sqlite3', 'db'],
    magic: ['SQLite format 3\0'],
    advice: 'Export the table: sqlite3 -header -csv FILE "select * from TABLE" > NAME.csv',
  },
  { name: 'a PDF', extensions: ['pdf'], magic: ['%PDF-'], advice: 'Give a table' },
  {
    name: 'an R data file',
    extensions: ['rds', 'rdata'],
    magic: ['RDX', 'RDA'],
    advice: 'Export it: write.csv(data, "NAME.csv", row.names = FALSE)',
  },
  {
    name: 'an HTML or XML page',
    extensions: ['html', 'htm', 'xml'],
    magic: [(head) => /^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|\?xml|error)\b/i.test(head)],
    advice:
      'If it was downloaded, the address leads to a page about the file: download the file itself',
  },
];

/** What a file is if it is not a table, and what to do. */
export interface ForeignFile {
  /** "an Excel workbook" */
  readonly name: string;
  readonly advice: string;
}

/** @param head the first {@link HEAD_BYTES} of the file; null if they could begin a table */
export function foreignByContent(file: string, head: Buffer): ForeignFile | null {
  const text = head.toString('latin1', 0, HEAD_BYTES);
  const kind = foreignKinds.find(({ magic }) =>
    magic.some((it) => (typeof it === 'string' ? text.startsWith(it) : it(text))),
  );
  return kind ? adviceFor(kind, file) : null;
}

/** By the extension, for files that need not exist yet. */
export function foreignByName(file: string): ForeignFile | null {
  const extension = extensionOf(file);
  const kind = foreignKinds.find(({ extensions }) => extensions?.includes(extension));
  return kind ? adviceFor(kind, file) : null;
}

/** The first bytes of a file. */
export function readHead(file: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const handle = openSync(file, 'r');
  try {
    return head.subarray(0, readSync(handle, head));
  } finally {
    closeSync(handle);
  }
}

export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

export function isParquet(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === 'PAR1';
}

/** The file format, or the stream format. */
export function isArrow(head: Buffer): boolean {
  return /^(?:ARROW1|\xff{4})/.test(head.toString('latin1', 0, 6));
}

/** Lower case, without the dot; that of the compressed file if it is compressed by gzip. */
export function extensionOf(file: string): string {
  const extension = path.extname(file).toLowerCase().slice(1);
  return extension === 'gz' ? extensionOf(file.slice(0, -'.gz'.length)) : extension;
}

function adviceFor({ name, advice }: ForeignKind, file: string): ForeignFile {
  const base = path.basename(file);
  const words = { FILE: base, NAME: base.slice(0, base.length - path.extname(base).length) };
  return {
    name,
    advice: advice.replaceAll(/\b(FILE|NAME)\b/g, (word) => words[word as keyof typeof words]),
  };
}
