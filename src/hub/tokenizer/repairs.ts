import { z } from 'zod';

const normalizerSchema = z.looseObject({
  type: z.string(),
  normalizers: z.array(z.unknown()).optional(),
  lowercase: z.boolean().optional(),
  handle_chinese_chars: z.boolean().optional(),
});
type Normalizer = z.infer<typeof normalizerSchema>;

/** Ideographs beyond U+FFFF, as the Rust original lists them. */
const RARE_IDEOGRAPHS =
  /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * What must be done to a text so that the library's normalizers make of it what the Rust originals do: JavaScript's
 * lower case of a Σ at the end of a word is ς where Rust, a character at a time, has σ; and the library puts no spaces
 * around ideographs of two UTF-16 units.
 * @param normalizer that of a tokenizer.json
 */
export function repairsFor(normalizer: unknown): (text: string) => string {
  const all = flat(normalizer);
  const lowers = all.some(({ type, lowercase }) => type === 'Lowercase' || lowercase === true);
  const spaces = all.some(({ handle_chinese_chars }) => handle_chinese_chars === true);
  return (text) => {
    const lowered = lowers ? text.replaceAll('Σ', 'σ') : text;
    return spaces ? lowered.replace(RARE_IDEOGRAPHS, ' $& ') : lowered;
  };
}

function flat(normalizer: unknown): readonly Normalizer[] {
  const { success, data } = normalizerSchema.safeParse(normalizer);
  if (!success) return [];
  return [data, ...(data.normalizers ?? []).flatMap(flat)];
}
