import { readsTexts } from '../config/data.ts';
import type { Diagnostic } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Tokenizer } from '../hub/tokenizer/tokenizer.ts';
import { loadTabularData } from './loadTabular.ts';
import { loadTextData } from './loadTexts.ts';

/**
 * Reads the data of a config as a run would, but without a model: texts are not tokenized. Files on the Hub are not read.
 * @returns what is legal, but hardly meant
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function checkData(parsed: ParsedConfig): Promise<readonly Diagnostic[]> {
  const { data } = parsed.config;
  if (data.from !== undefined) return [];
  const files = { train: parsed.dataFile('train'), validation: parsed.dataFile('validation') };
  const ignoreBytes = () => {};
  const { notices } = readsTexts(data)
    ? await loadTextData(parsed, files, { tokenizer: oneToken, maxLength: 8 }, ignoreBytes)
    : await loadTabularData(parsed, files, ignoreBytes);
  return notices;
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
