import { stat } from 'node:fs/promises';
import { readsTexts } from '../config/data.ts';
import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Tokenizer } from '../hub/tokenizer/tokenizer.ts';
import { formatBytes } from '../runs/format.ts';
import { checkAgainstData } from './checkAgainstData.ts';
import {
  trainingRoles,
  trainingTextRoles,
  validationRoles,
  validationTextRoles,
} from './columns.ts';
import type { Data } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { loadImageData } from './loadImages.ts';
import { loadTabularData } from './loadTabular.ts';
import { loadTextData } from './loadTexts.ts';
import { openPart, type Part } from './parts.ts';
import { tableFiles } from './table.ts';

/** Files of so many bytes are read in a moment. */
const SMALL = 20_000_000;

interface DataCheck {
  /** What is legal, but hardly meant. */
  readonly notices: readonly Diagnostic[];
  /** What was not judged, and why; null if all was. */
  readonly notJudged: string | null;
}

/**
 * Reads the data of a config as a run would, but without a model: texts are not tokenized. Of large files only the columns are
 * judged, unless `whole`; files on the Hub are not read.
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function checkData(parsed: ParsedConfig, whole: boolean): Promise<DataCheck> {
  const { data } = parsed.config;
  if (data.from !== undefined) {
    return { notices: [], notJudged: `the data of ${data.from}, which are on the Hub` };
  }
  const files = { train: parsed.dataFiles('train'), validation: parsed.dataFiles('validation') };
  const sizes = await Promise.all(
    [...new Set(Object.values(files).flat())].map(async (file) => (await stat(file)).size),
  );
  const size = sizes.reduce((sum, bytes) => sum + bytes);
  if (!whole && size > SMALL) {
    await checkColumns(parsed, files);
    return {
      notices: [],
      notJudged: `the rows of ${formatBytes(size)} of data: --data reads them`,
    };
  }
  const read = await load(parsed, files);
  checkAgainstData(parsed, read);
  return { notices: read.notices, notJudged: null };
}

function load(parsed: ParsedConfig, files: DataFiles): Promise<Data> {
  const { data } = parsed.config;
  const ignoreBytes = () => {};
  if (readsTexts(data)) {
    return loadTextData(parsed, files, { tokenizer: oneToken, maxLength: 8 }, ignoreBytes);
  }
  const load = data.imageFile === undefined ? loadTabularData : loadImageData;
  return load(parsed, files, ignoreBytes);
}

async function checkColumns(parsed: ParsedConfig, files: DataFiles): Promise<void> {
  const open = (part: Part) => openPart(part, tableFiles(files[part]), parsed);
  const [train, validation] = [await open('train'), await open('validation')];
  const { data } = parsed.config;
  if (readsTexts(data) || data.imageFile !== undefined) {
    trainingTextRoles(train, parsed);
    validationTextRoles(validation, parsed);
  } else {
    const { features } = trainingRoles(train, parsed);
    const names = features.map((column) => train.columns[column]!);
    validationRoles(validation, parsed, names);
  }
}

const token = Int32Array.of(0);

/** In place of a checkpoint's: every text is one token. */
const oneToken: Tokenizer = {
  padId: 0,
  bosId: null,
  eosId: 0,
  encode: () => ({ ids: token, typeIds: token }),
  encodePlain: () => token,
  decode: () => '',
};
