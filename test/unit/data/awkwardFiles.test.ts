/** Files that are almost tables: read exactly, or refused with what they are and what to do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { openTable, type TableConfig } from '../../../src/data/openTable.ts';
import { TableFile, WrittenNumber } from '../../../src/data/table.ts';
import { rowsOf } from './rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-awkward-'));
after(() => rmSync(folder, { recursive: true }));

async function read(name: string, content: string | Buffer, config: TableConfig = {}) {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  const table = await openTable(new TableFile(file, () => {}), config);
  const rows: unknown[][] = [];
  for await (const { cells } of rowsOf(table)) {
    rows.push(cells.map((cell) => (cell instanceof WrittenNumber ? `#${cell.text}` : cell)));
  }
  return { columns: table.columns, rows };
}

async function refusal(name: string, content: string | Buffer, config: TableConfig = {}) {
  try {
    await read(name, content, config);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const { line, column, message, expected } = error.diagnostics[0]!;
    assert.ok(expected, message);
    return { at: `${line}:${column}`, message, expected };
  }
  assert.fail('expected an error');
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf16 = (text: string) => Buffer.from(text, 'utf16le');

describe('encoding', () => {
  const csv = 'text,label\nun café,é\nà,è\n';
  const jsonl = '{"text": "un café", "label": "é"}\n';

  test('Latin-1 in CSV and JSONL: the first bad byte, its line and column, and how to convert', async () => {
    const inCsv = await refusal('a.csv', latin1(csv));
    assert.equal(inCsv.at, '2:7');
    assert.equal(inCsv.message, 'byte 0xE9 is not UTF-8 (in WINDOWS-1252: "é,é")');
    assert.match(inCsv.expected, /iconv -f WINDOWS-1252 -t UTF-8/);
    assert.equal((await refusal('a.jsonl', latin1(jsonl))).at, '1:17');
    assert.equal((await refusal('a.json', latin1(`[${jsonl}]`))).at, '1:18');
    assert.equal((await refusal('a.tsv', latin1('text\tlabel\nx\té\n'))).at, '2:3');
    assert.equal((await refusal('a.csv.gz', gzipSync(latin1(csv)))).at, '2:7');
  });

  test('columns count as editors do: after characters of two to four bytes, across chunks, after a lone \\r', async () => {
    for (const [before, at] of [
      ['é,日,😀,', '1:8'],
      [`${'é'.repeat(100_000)},`, '1:100002'],
      ['a,b\r1,2\r', '3:1'],
      ['a,b\r\n1,2\r\n', '3:1'],
      [`${'x'.repeat(65_535)}\r\ny`, '2:2'],
    ] as const) {
      const bytes = Buffer.concat([Buffer.from(before), latin1('\xe9,x\n')]);
      assert.equal((await refusal('a.csv', bytes)).at, at, before.slice(0, 20));
    }
  });

  test('UTF-16 with a byte order mark is read in every text format, UTF-8 with one too', async () => {
    const big = Buffer.from(utf16(`\ufeff${csv}`)).swap16();
    for (const content of [`\ufeff${csv}`, utf16(`\ufeff${csv}`), big]) {
      assert.deepEqual((await read('a.csv', content)).rows, [
        ['un café', 'é'],
        ['à', 'è'],
      ]);
    }
    for (const name of ['a.jsonl', 'a.json']) {
      assert.deepEqual((await read(name, utf16(`\ufeff${jsonl}`))).rows, [['un café', 'é']]);
    }
    const long = `text,label\n${'😀é,x\n'.repeat(50_000)}`;
    assert.equal((await read('a.csv', utf16(`\ufeff${long}`))).rows.at(-1)![0], '😀é');
  });

  test('UTF-16 without a mark, UTF-32, NUL characters, half a character', async () => {
    assert.match((await refusal('a.csv', utf16(csv))).message, /looks like UTF-16LE without/);
    assert.match((await refusal('a.jsonl', utf16(jsonl))).expected, /iconv -f UTF-16LE/);
    const big = Buffer.from(utf16(csv)).swap16();
    assert.match((await refusal('a.csv', big)).message, /UTF-16BE/);
    const utf32 = Buffer.from('\xff\xfe\0\0a\0\0\0', 'latin1');
    assert.match((await refusal('a.csv', utf32)).message, /UTF-32/);
    assert.equal((await refusal('a.csv', 'text,label\nx\0,y\n')).at, '2:2');
    assert.equal((await refusal('a.csv', utf16('\ufefftext,label\nx\ud800,y\n'))).at, '2:2');
    const cut = Buffer.from('text,label\né,é').subarray(0, -1);
    assert.match((await refusal('a.csv', cut)).message, /ends within a character/);
  });

  test('bytes that are text in no usual encoding: no guess, no nonsense', async () => {
    // EBCDIC: "a,b", line end.
    const ebcdic = Buffer.from('816b82258ff06bf12590f16bf22581', 'hex');
    const { message, expected } = await refusal('a.csv', ebcdic);
    assert.equal(message, 'byte 0x81 is not UTF-8');
    assert.match(expected, /a binary file, or in a rare encoding/);
  });

  test('a byte order mark within a file: files were joined', async () => {
    const mark = 'a byte order mark (U+FEFF) within the file';
    for (const [name, text, at] of [
      ['a.csv', `\ufeff${csv}\ufeff${csv}`, '4:1'],
      ['a.csv', `text,label\r\nx,y\r\n\ufeffz,y\r\n`, '3:1'],
      ['a.tsv', 'text\tlabel\n\ufeffx\ty\n', '2:1'],
      ['a.csv', `\ufeff\ufeff${csv}`, '1:1'],
      ['a.jsonl', `${jsonl}\ufeff${jsonl}`, '2:1'],
    ] as const) {
      const found = await refusal(name, text);
      assert.deepEqual([found.at, found.message], [at, mark], JSON.stringify(text));
    }
    assert.equal((await read('a.csv', 'a,b\n1,\ufeffx\n')).rows[0]![1], '\ufeffx');
  });

  test('the encoding is guessed by what the text would be', async () => {
    for (const [hex, encoding] of [
      // "красивый", "日本語です", "한국어로", "中文字符"
      ['eaf0e0f1e8e2fbe9', 'WINDOWS-1251'],
      ['cbd2c1d3c9d7d9ca', 'KOI8-R'],
      ['93fa967b8cea82c582b7', 'SHIFT_JIS'],
      ['c7d1b1b9beeeb7ce', 'EUC-KR'],
      ['d6d0cec4d7d6b7fb', 'GB18030'],
      ['80203230', 'WINDOWS-1252'],
    ] as const) {
      const bytes = Buffer.concat([
        Buffer.from('t,y\n'),
        Buffer.from(hex, 'hex'),
        Buffer.from(',1\n'),
      ]);
      assert.match(
        (await refusal('a.csv', bytes)).expected,
        new RegExp(`-f ${encoding} `),
        encoding,
      );
    }
  });
});

describe('formats', () => {
  const csv = 'a,y\n1,x\n';
  const rows = [['1', 'x']];

  test('gzip of every text format, in several members; damaged gzip', async () => {
    assert.deepEqual((await read('a.csv.gz', gzipSync(csv))).rows, rows);
    const members = Buffer.concat([gzipSync('a,y\n1'), gzipSync(',x\n')]);
    assert.deepEqual((await read('a.csv.gz', members)).rows, rows);
    // Told by its content, whatever its name.
    assert.deepEqual((await read('a.csv', gzipSync(csv))).rows, rows);
    assert.deepEqual((await read('a.csv.gz', csv)).rows, rows);
    assert.deepEqual((await read('a.jsonl.gz', gzipSync('{"a": "1", "y": "x"}'))).rows, rows);
    assert.deepEqual((await read('a.json.gz', gzipSync('[{"a": "1", "y": "x"}]'))).rows, rows);
    assert.deepEqual((await read('a.tsv.gz', gzipSync('a\ty\n1\tx\n'))).rows, rows);
    const whole = gzipSync(csv.repeat(1000));
    const { message } = await refusal('a.csv.gz', whole.subarray(0, whole.length / 2));
    assert.match(message, /damaged gzip/);
    const inner = await refusal(
      'a.csv.gz',
      gzipSync('version https://git-lfs.github.com/spec/v1\n'),
    );
    assert.match(inner.expected, /git lfs pull/);
  });

  test('a JSON array of objects, over lines or not', async () => {
    const text = '[\n {"a": 1.0, "y": "x"},\n {"a": [1, "]"],\n  "y": "ü"}]\n';
    assert.deepEqual(await read('a.json', text), {
      columns: ['a', 'y'],
      rows: [
        ['#1.0', 'x'],
        [[1, ']'], 'ü'],
      ],
    });
    assert.deepEqual(
      (await read('a.txt', '[{"a": "1", "y": "x"}]', { format: 'json' })).rows,
      rows,
    );
    assert.deepEqual((await read('a.json', '{"a": "1", "y": "x"}\n')).rows, rows, 'lines of JSON');
  });

  test('JSON lines with nothing but JSON’s white space are passed over, others are not', async () => {
    assert.deepEqual((await read('a.jsonl', '{"a": 1}\n \t\r\n\n{"a": 2}\n')).rows, [[1], [2]]);
    for (const space of ['\u00a0', '\u2003', '\v', '\ufeff']) {
      assert.equal((await refusal('a.jsonl', `{"a": 1}\n${space}\n{"a": 2}\n`)).at, '2:1');
    }
  });

  test('compressed by gzip twice', async () => {
    const { message } = await refusal('a.csv', gzipSync(gzipSync('a,y\n1,x\n')));
    assert.equal(message, 'the file is compressed by gzip twice');
  });

  test('mistakes of JSON are said without places in a piece of the file', async () => {
    for (const [name, text, at, message] of [
      ['a.jsonl', '{"a": 1}\n{"a": 1},\n', '2:9', 'Unexpected non-whitespace character after JSON'],
      ['a.jsonl', "{'a': 1}\n", '1:2', "Expected property name or '}' in JSON"],
      ['a.json', '[{"a": 1},\n{"a": 2},\n]', '3:1', 'a comma before the end of the array'],
    ] as const) {
      const found = await refusal(name, text);
      assert.deepEqual([found.at, found.message], [at, message]);
    }
  });

  test('a mistake of JSON is said without a piece of the file', async () => {
    for (const [name, text, message] of [
      ['a.json', '[ // c\n{"a": 1, "y": "x"}]', "Unexpected token '/' in JSON"],
      ['a.jsonl', `{"a": x, "b": "${'y'.repeat(99)}"}\n`, "Unexpected token 'x' in JSON"],
      ['a.jsonl', '{"a": tru}\n', "Unexpected token '}' in JSON"],
    ] as const) {
      assert.equal((await refusal(name, text)).message, message);
    }
    const { expected } = await refusal('a.json', '[[1, "x"], [2, "z"]]');
    assert.doesNotMatch(expected, /data\.format/);
  });

  test('a document that has the examples in a list: what to do if a column is not there', async () => {
    const file = path.join(folder, 'squad.json');
    writeFileSync(file, '{"version": "1", "data": [{"a": 1, "y": "x"}]}');
    const { advice } = await openTable(new TableFile(file, () => {}));
    assert.match(advice!, /the list "data".*: jq '\.\["data"\]' FILE/);
  });

  test('JSON arrays that are broken, with positions', async () => {
    for (const [text, at, message] of [
      ['[\n {"a": 1},\n {"a": x}\n]', '3:8', /Unexpected token/],
      ['[\n {"a": 1}\n {"a": 2}\n]', '3:2', /between two objects/],
      ['[\n {"a": 1},\n {"a": 2}', '3:10', /not closed/],
      ['[{"a": 1}] x', '1:12', /text after/],
      ['[{"a": 1}, 2]', '1:12', /not a JSON object/],
      ['[{"a": 1}, ]', '1:12', /./],
      ['[]', '1:1', /the file is empty/],
      ['{"a": {"0": 1}, "y": {"0": "x"}}', '1:1', /only lists or objects/],
      ['{\n "a": 1\n}', '1:2', /./],
      ['7', '1:1', /not a JSON object/],
    ] as const) {
      const found = await refusal('a.json', text);
      assert.match(found.message, message, text);
      assert.equal(found.at, at, text);
    }
    const asLines = await refusal('a.jsonl', '[{"a": 1}]');
    assert.match(asLines.expected, /data\.format: json/);
  });

  test('other kinds of files, by their content: what they are and what to do', async () => {
    for (const [content, message, advice] of [
      ['ARROW1\0\0', /the file is Arrow/, /\.arrow, or set data\.format: arrow/],
      ['\xff\xff\xff\xff\x10', /the file is Arrow/, /data\.format: arrow/],
      ['FEA1', /Feather file of version 1/, /read_feather\("a\.csv"\)\.to_parquet\("a\.parquet"\)/],
      ['PK\x03\x04....[Content_Types].xml', /an Excel workbook/, /CSV UTF-8/],
      ['PK\x03\x04....data.csv', /a zip archive/, /unzip a\.csv/],
      ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', /an Excel workbook/, /CSV/],
      ['PAR1', /Parquet/, /data\.format: parquet/],
      ['BZh91AY&SY', /bzip2/, /bunzip2/],
      ['\xfd7zXZ\0', /xz/, /unxz/],
      ['\x28\xb5\x2f\xfd', /zstd/, /zstd -d/],
      ['\x93NUMPY', /NumPy/, /to_csv/],
      ['\x80\x04\x95', /pickle/, /read_pickle/],
      ['SQLite format 3\0', /SQLite/, /sqlite3/],
      ['\x89HDF\r\n\x1a\n', /HDF5/, /read_hdf/],
      ['<!DOCTYPE html><html>', /HTML/, /download/],
      ['%PDF-1.7', /PDF/, /table/],
      ['version https://git-lfs.github.com/spec/v1\noid', /Git LFS pointer/, /git lfs pull/],
    ] as const) {
      for (const name of ['a.csv', 'b.jsonl', 'c.parquet']) {
        if (name === 'c.parquet' && content === 'PAR1') continue;
        const found = await refusal(name, latin1(content));
        assert.match(found.message, message, name);
        if (name === 'a.csv') assert.match(found.expected, advice);
      }
    }
  });

  test('another delimiter: named, and how to set it', async () => {
    for (const [text, expected] of [
      ['a;b;y\n1;2;x\n', /semicolons separate them, set data\.delimiter: ";"/],
      ['a\tb\ty\n1\t2\tx\n', /data\.format: tsv/],
      ['a|b|y\n', /data\.delimiter: "\|"/],
      ['a b y\n', /data\.delimiter: " "/],
    ] as const) {
      assert.match((await refusal('a.csv', text)).expected, expected);
    }
    assert.match((await refusal('a.tsv', 'a,b\n1,2\n')).expected, /data\.format: csv/);
    assert.match((await refusal('a.csv', '1;2\n', { columns: ['a', 'b'] })).expected, /";"/);
    const read1 = await read('a.csv', 'a;y\n"1;2";x\n', { delimiter: ';' });
    assert.deepEqual(read1.rows, [['1;2', 'x']]);
  });
});

describe('first lines that are no header', () => {
  test('a hint for Excel, a comment: what it is', async () => {
    for (const line of ['sep=,', 'SEP=;\r']) {
      const { at, message } = await refusal('a.csv', `${line}\na,y\n1,x\n`);
      assert.deepEqual([at, /hint for Excel/.test(message)], ['1:1', true], line);
    }
    for (const line of ['# made by a tool', '// of a run 3']) {
      assert.match((await refusal('a.csv', `${line}\na,y\n1,x\n`)).message, /like a comment/);
    }
    const { columns } = await read('a.csv', '# id,y\n1,x\n');
    assert.deepEqual(columns, ['# id', 'y']);
  });
});

describe('headers among the rows', () => {
  test('a first row that holds names although data.columns is set', async () => {
    const config = { columns: ['text', 'label'] };
    for (const text of ['text,label\nx,1\n', 'sentence,Label\nx,1\n']) {
      const { at, message, expected } = await refusal('a.csv', text, config);
      assert.equal(at, '1:1');
      assert.match(message, /names of columns/);
      assert.match(expected, /Remove data\.columns/);
    }
  });

  test('files that were joined', async () => {
    const { at, message } = await refusal('a.csv', 'text,label\nx,1\ntext,label\ny,2\n');
    assert.deepEqual([at, message], ['3:1', 'the row repeats the header']);
  });

  test('a header that is an example', async () => {
    assert.match((await refusal('a.csv', '1,1,x\n2,3,y\n')).expected, /data\.columns/);
  });
});

describe('quotes', () => {
  const rows = Array.from({ length: 100 }, (_, i) => `text ${i},x`);

  test('a lone quote: where it opens, however far its end is', async () => {
    const lone = rows.with(50, '"text 50,x');
    const { at, message } = await refusal('a.csv', `text,label\n${lone.join('\n')}\n`);
    assert.deepEqual([at, message], ['52:1', 'the quote that opens here is never closed']);
    const two = lone.with(80, 'text,"80"');
    const closed = await refusal('a.csv', `text,label\r\n${two.join('\r\n')}\r\n`);
    assert.equal(closed.at, '52:1');
    assert.match(closed.message, /closed before line 82, column 7/);
  });

  test('a quote within a cell', async () => {
    const { at, expected } = await refusal('a.csv', 'text,label\n5" disk,x\n');
    assert.equal(at, '2:2');
    assert.match(expected, /"" for a quote inside/);
  });
});

describe('exactness', () => {
  test('numbers that float64 would change, or write in another way, stay as they are written', async () => {
    const numbers = ['9007199254740993', '1.0', '-0', '1e400', '0.1000000000000000055', 'NaN'];
    for (const number of numbers) {
      assert.deepEqual((await read('a.jsonl', `{"y": ${number}, "z": 1}`)).rows[0], [
        `#${number}`,
        1,
      ]);
    }
    for (const number of ['0.NaN', '1-Infinity', '+NaN', 'NaNs', '--Infinity', 'Infinity.0']) {
      assert.match((await refusal('a.jsonl', `{"y": ${number}}`)).message, /JSON/, number);
    }
    assert.deepEqual((await read('a.jsonl', '{"y": 0.1, "z": "NaN, \\"Infinity"}')).rows[0], [
      0.1,
      'NaN, "Infinity',
    ]);
  });

  test('repeated keys and names are refused, keys are not confused with values', async () => {
    assert.equal((await refusal('a.jsonl', '{"y": 1, "z": {"y": 3}, "\\u0079": 2}')).at, '1:25');
    assert.equal((await refusal('a.json', '[{"y": 1,\n "y": 2}]')).at, '2:2');
    assert.deepEqual((await read('a.jsonl', '{"z": "y", "y": 1, "__proto__": 2}')).columns, [
      'z',
      'y',
      '__proto__',
    ]);
  });
});
