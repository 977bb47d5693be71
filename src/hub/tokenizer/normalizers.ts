import * as z from 'zod';
import {
  lowercase,
  toByteLevel,
  WHITE_SPACE,
  withoutLeadingSpace,
  withoutTrailingSpace,
} from './characters.ts';
import { type Build, component, listOf, optionsOf } from './component.ts';
import { patternSchema, regExpOf } from './pattern.ts';
import { precompiled } from './precompiled.ts';

/** Changes a text before it is split into tokens. */
export type Normalizer = (text: string) => string;

/**
 * Makes the `normalizer` of a tokenizer.json.
 * @throws Error naming what is not supported or invalid
 */
export function normalizerOf(json: unknown, at = 'normalizer'): Normalizer {
  if (json === undefined || json === null) return (text) => text;
  return component(normalizers, json, at);
}

const plain =
  (normalizer: Normalizer): Build<Normalizer> =>
  () =>
    normalizer;

const normalizers: Readonly<Record<string, Build<Normalizer>>> = {
  BertNormalizer: bertNormalizer,
  ByteLevel: plain(toByteLevel),
  Lowercase: plain(lowercase),
  NFC: plain((text) => text.normalize('NFC')),
  NFD: plain((text) => text.normalize('NFD')),
  NFKC: plain((text) => text.normalize('NFKC')),
  NFKD: plain((text) => text.normalize('NFKD')),
  Nmt: plain((text) => text.replace(NMT_REMOVED, '').replace(NMT_SPACES, ' ')),
  Precompiled(options, at) {
    const schema = z.object({ precompiled_charsmap: z.string() });
    return precompiled(optionsOf(schema, options, at).precompiled_charsmap, at);
  },
  Prepend(options, at) {
    const { prepend } = optionsOf(z.object({ prepend: z.string() }), options, at);
    return (text) => (text === '' ? '' : prepend + text);
  },
  Replace(options, at) {
    const schema = z.object({ pattern: patternSchema, content: z.string() });
    const { pattern, content } = optionsOf(schema, options, at);
    const found = regExpOf(pattern, at);
    return (text) => text.replace(found, () => content);
  },
  Sequence(options, at) {
    const all = listOf('normalizers', options, at, normalizerOf);
    return (text) => all.reduce((changed, normalizer) => normalizer(changed), text);
  },
  Strip(options, at) {
    const schema = z.object({
      strip_left: z.boolean().default(true),
      strip_right: z.boolean().default(true),
    });
    const { strip_left, strip_right } = optionsOf(schema, options, at);
    return (text) => {
      const rest = strip_left ? withoutLeadingSpace(text) : text;
      return strip_right ? withoutTrailingSpace(rest) : rest;
    };
  },
  StripAccents: plain((text) => text.replace(/\p{M}/gu, '')),
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what sentencepiece's "nmt" rules remove
const NMT_REMOVED = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

const CONTROL = /[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu;
const SPACES = new RegExp(WHITE_SPACE, 'gu');
const IDEOGRAPHS =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

function bertNormalizer(options: unknown, at: string): Normalizer {
  const schema = z.object({
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullish(),
    lowercase: z.boolean().default(true),
  });
  const read = optionsOf(schema, options, at);
  const steps: Normalizer[] = [];
  if (read.clean_text) {
    steps.push((text) => text.replace(CONTROL, '').replace(SPACES, ' '));
  }
  if (read.handle_chinese_chars) steps.push((text) => text.replace(IDEOGRAPHS, ' $& '));
  if (read.strip_accents ?? read.lowercase) {
    steps.push((text) => text.normalize('NFD').replace(/\p{Mn}/gu, ''));
  }
  if (read.lowercase) steps.push(lowercase);
  return (text) => steps.reduce((changed, step) => step(changed), text);
}
