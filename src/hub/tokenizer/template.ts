import * as z from 'zod';
import { type Build, component, listOf, optionsOf } from './component.ts';
import { MAX_ID } from './vocabulary.ts';

/** A part of an encoding: one of the texts, or special tokens. All its tokens have the same type. */
export interface Piece {
  readonly content: 'first' | 'second' | readonly number[];
  readonly typeId: number;
}

/** How special tokens are added to a text or a pair. */
export interface Template {
  readonly single: readonly Piece[];
  readonly pair: readonly Piece[];
}

/** No special tokens. */
const plain: Template = {
  single: [{ content: 'first', typeId: 0 }],
  pair: [
    { content: 'first', typeId: 0 },
    { content: 'second', typeId: 1 },
  ],
};

const tokenId = z.int().nonnegative().max(MAX_ID);
const typeId = z.int().nonnegative().max(MAX_ID);
const pieceSchema = z.union([
  z.object({ SpecialToken: z.object({ id: z.string(), type_id: typeId }) }),
  z.object({ Sequence: z.object({ id: z.enum(['A', 'B']), type_id: typeId }) }),
]);
const specialSchema = z.tuple([z.string(), tokenId]).transform(([, id]): readonly number[] => [id]);

const bothSchema = z.object({ sep: specialSchema, cls: specialSchema });
const templateSchema = z.object({
  single: z.array(pieceSchema),
  pair: z.array(pieceSchema),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(tokenId) })),
});

/** The templates of processors that add tokens, in order; ByteLevel changes offsets only. */
const processors: Readonly<Record<string, Build<readonly Template[]>>> = {
  BertProcessing(options, at) {
    const { cls, sep } = optionsOf(bothSchema, options, at);
    return [around([cls, 'first', sep], ['second', sep], 1)];
  },
  ByteLevel: () => [],
  RobertaProcessing(options, at) {
    const { cls, sep } = optionsOf(bothSchema, options, at);
    return [around([cls, 'first', sep], [sep, 'second', sep], 0)];
  },
  Sequence: (options, at) => listOf('processors', options, at, processorOf).flat(),
  TemplateProcessing: (options, at) => [written(optionsOf(templateSchema, options, at), at)],
};

function processorOf(json: unknown, at: string): readonly Template[] {
  return component(processors, json, at);
}

/**
 * Reads the `post_processor` of a tokenizer.json.
 * @throws Error naming what is not supported or invalid, and for two processors that add tokens
 */
export function templateOf(postProcessor: unknown): Template {
  if (postProcessor === undefined || postProcessor === null) return plain;
  const adding = processorOf(postProcessor, 'post_processor');
  if (adding.length > 1) {
    throw new Error('post_processor: two of its processors add tokens, which is not supported');
  }
  return adding[0] ?? plain;
}

function written(
  { single, pair, special_tokens }: z.infer<typeof templateSchema>,
  at: string,
): Template {
  const piece = (written: z.infer<typeof pieceSchema>): Piece => {
    if ('Sequence' in written) {
      const { id, type_id } = written.Sequence;
      return { content: id === 'A' ? 'first' : 'second', typeId: type_id };
    }
    const { id, type_id } = written.SpecialToken;
    if (!Object.hasOwn(special_tokens, id)) {
      throw new Error(`${at} does not define the special token ${id}`);
    }
    return { content: special_tokens[id]!.ids, typeId: type_id };
  };
  const template = { single: single.map(piece), pair: pair.map(piece) };
  const texts = (pieces: readonly Piece[]) =>
    pieces.flatMap(({ content }) => (typeof content === 'string' ? [content] : [])).join();
  if (texts(template.single) !== 'first' || texts(template.pair) !== 'first,second') {
    throw new Error(`${at}: a template without each text once, in order, is not supported`);
  }
  return template;
}

function around(
  single: readonly Piece['content'][],
  more: readonly Piece['content'][],
  moreTypeId: number,
): Template {
  const first = single.map((content) => ({ content, typeId: 0 }));
  return {
    single: first,
    pair: [...first, ...more.map((content) => ({ content, typeId: moreTypeId }))],
  };
}

/** Number of tokens that a template adds to the texts. */
export function addedTokenCount(pieces: readonly Piece[]): number {
  return pieces.reduce(
    (sum, { content }) => sum + (typeof content === 'string' ? 0 : content.length),
    0,
  );
}
