import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CONFIG_FILE } from '../architecture/checkpointConfig.ts';
import { parsed, readJson } from '../files/json.ts';

const token = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

export const specialTokensSchema = z.object({
  pad_token: token,
  eos_token: token,
  bos_token: token,
});
type SpecialTokens = z.infer<typeof specialTokensSchema>;

const id = z
  .union([z.int(), z.array(z.int()).transform(([first]) => first)])
  .nullish()
  .catch(undefined);
const idsSchema = z.object({ pad_token_id: id, eos_token_id: id, bos_token_id: id });

export interface SpecialIds {
  /** null where the checkpoint has none. */
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
}

/**
 * Ids of the tokens that the trainer must know: tokenizer_config.json names them, older checkpoints name them in
 * special_tokens_map.json, and of some only config.json tells the id.
 * @param idOf id of a token, undefined if there is no such token
 */
export async function specialIds(
  folder: string,
  named: SpecialTokens,
  idOf: (token: string) => number | undefined,
): Promise<SpecialIds> {
  const older = await optional(path.join(folder, 'special_tokens_map.json'), specialTokensSchema);
  const ids = await optional(path.join(folder, CONFIG_FILE), idsSchema);
  const find = (key: 'pad' | 'eos' | 'bos') => {
    const name = named[`${key}_token`] ?? older?.[`${key}_token`];
    const known = name == null ? undefined : idOf(name);
    return known ?? ids?.[`${key}_token_id`] ?? null;
  };
  return { padId: find('pad'), eosId: find('eos'), bosId: find('bos') };
}

async function optional<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  if (!existsSync(file)) return undefined;
  return parsed(schema, file, await readJson(file));
}
