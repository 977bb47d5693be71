import { z } from 'zod';

const normalizerSchema = z.looseObject({
  type: z.string(),
  normalizers: z.array(z.unknown()).optional(),
  lowercase: z.boolean().optional(),
  handle_chinese_chars: z.boolean().optional(),
});
type Normalizer = z.infer<typeof normalizerSchema>;

/** Ideographs beyond U+FFFF, as the Rust library lists them. */
const SUPPLEMENTARY_IDEOGRAPHS =
  /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * Preprocesses texts so that the JavaScript library's normalizers agree with the Rust library's: JavaScript lowercases a Σ at the
 * end of a word to ς, Rust, one character at a time, to σ; and the JavaScript library puts no spaces around ideographs of two UTF-16 units.
 * @param normalizer the `normalizer` of a tokenizer.json
 */
export function normalizerFixes(normalizer: unknown): (text: string) => string {
  const all = flatten(normalizer);
  const lowers = all.some(({ type, lowercase }) => type === 'Lowercase' || lowercase === true);
  const spaces = all.some(({ handle_chinese_chars }) => handle_chinese_chars === true);
  return (text) => {
    const lowered = lowers ? text.replaceAll('Σ', 'σ') : text;
    return spaces ? lowered.replace(SUPPLEMENTARY_IDEOGRAPHS, ' $& ') : lowered;
  };
}

function flatten(normalizer: unknown): readonly Normalizer[] {
  const { success, data } = normalizerSchema.safeParse(normalizer);
  if (!success) return [];
  return [data, ...(data.normalizers ?? []).flatMap(flatten)];
}
