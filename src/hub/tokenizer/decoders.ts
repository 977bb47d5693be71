import * as z from 'zod';
import { fromByteLevel } from './characters.ts';
import { type Build, component, listOf, optionsOf } from './component.ts';
import { patternSchema, regExpOf } from './pattern.ts';
import { metaspaceSchema } from './preTokenizers.ts';

/** Changes tokens to the parts of a text. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

/**
 * Makes the `decoder` of a tokenizer.json: without one, spaces are between the tokens.
 * @throws Error naming what is not supported or invalid
 */
export function decoderOf(json: unknown): (tokens: readonly string[]) => string {
  if (json === undefined || json === null) return (tokens) => tokens.join(' ');
  const decoder = part(json, 'decoder');
  return (tokens) => decoder(tokens).join('');
}

function part(json: unknown, at: string): Decoder {
  return component(decoders, json, at);
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decoders: Readonly<Record<string, Build<Decoder>>> = {
  BPEDecoder(options, at) {
    const { suffix } = optionsOf(z.object({ suffix: z.string().default('</w>') }), options, at);
    return (tokens) =>
      tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
  },
  ByteFallback: () => withBytes,
  ByteLevel: () => (tokens) => [
    utf8.decode(Uint8Array.from(tokens.flatMap((token) => [...fromByteLevel(token)]))),
  ],
  Fuse: () => (tokens) => [tokens.join('')],
  Metaspace(options, at) {
    const { replacement, scheme } = optionsOf(metaspaceSchema, options, at);
    return (tokens) =>
      tokens.map((token, i) =>
        token.replaceAll(replacement, i === 0 && scheme !== 'never' ? '' : ' '),
      );
  },
  Replace(options, at) {
    const schema = z.object({ pattern: patternSchema, content: z.string() });
    const { pattern, content } = optionsOf(schema, options, at);
    const found = regExpOf(pattern, at);
    return (tokens) => tokens.map((token) => token.replace(found, () => content));
  },
  Sequence(options, at) {
    const all = listOf('decoders', options, at, part);
    return (tokens) => all.reduce((changed, decoder) => decoder(changed), tokens);
  },
  Strip: strip,
  WordPiece(options, at) {
    const schema = z.object({
      prefix: z.string().default('##'),
      cleanup: z.boolean().default(true),
    });
    const { prefix, cleanup } = optionsOf(schema, options, at);
    return (tokens) =>
      tokens.map((token, i) => {
        const isContinued = i > 0 && token.startsWith(prefix);
        const joined = isContinued ? token.slice(prefix.length) : i > 0 ? ` ${token}` : token;
        return cleanup ? cleanUp(joined).replaceAll(' do not', " don't") : joined;
      });
  },
};

/** Neighbouring tokens of bytes become text; if they are not valid UTF-8, a � each. */
function withBytes(tokens: readonly string[]): readonly string[] {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      texts.push(strictUtf8.decode(Uint8Array.from(bytes)));
    } catch {
      for (const _ of bytes) texts.push('\ufffd');
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9a-f]{2})>$/i.exec(token)?.[1];
    if (byte !== undefined) {
      bytes.push(Number.parseInt(byte, 16));
      continue;
    }
    flush();
    texts.push(token);
  }
  flush();
  return texts;
}

function strip(options: unknown, at: string): Decoder {
  const count = z.int().nonnegative().default(0);
  const schema = z.object({ content: z.string(), start: count, stop: count });
  const { content, start, stop } = optionsOf(schema, options, at);
  return (tokens) =>
    tokens.map((token) => {
      const characters = [...token];
      let first = 0;
      while (first < Math.min(start, characters.length) && characters[first] === content) first++;
      let end = characters.length;
      const least = Math.max(0, characters.length - stop);
      while (end > least && characters[end - 1] === content) end--;
      return characters.slice(first, Math.max(first, end)).join('');
    });
}

/** Removes spaces before punctuation and contractions of English. */
export function cleanUp(text: string): string {
  return text
    .replaceAll(' .', '.')
    .replaceAll(' ?', '?')
    .replaceAll(' !', '!')
    .replaceAll(' ,', ',')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");
}
