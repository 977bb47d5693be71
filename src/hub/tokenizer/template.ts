import { z } from 'zod';

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

const typeId = z.int().nonnegative();
const pieceSchema = z.union([
  z.object({ SpecialToken: z.object({ id: z.string(), type_id: typeId }) }),
  z.object({ Sequence: z.object({ id: z.enum(['A', 'B']), type_id: typeId }) }),
]);
const specialSchema = z
  .tuple([z.string(), z.int().nonnegative()])
  .transform(([, id]): readonly number[] => [id]);

const processorSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('TemplateProcessing'),
    single: z.array(pieceSchema),
    pair: z.array(pieceSchema),
    special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int().nonnegative()) })),
  }),
  z.object({ type: z.literal('BertProcessing'), sep: specialSchema, cls: specialSchema }),
  z.object({ type: z.literal('RobertaProcessing'), sep: specialSchema, cls: specialSchema }),
  /** Changes offsets only, not tokens. */
  z.object({ type: z.literal('ByteLevel') }),
]);
type Processor = z.infer<typeof processorSchema>;

const schema = z.union([
  processorSchema,
  z.object({ type: z.literal('Sequence'), processors: z.array(processorSchema) }),
]);

/**
 * Reads the `post_processor` of a tokenizer.json.
 * @throws Error for an unknown post-processor, and for two that add tokens
 */
export function templateOf(postProcessor: unknown): Template {
  if (postProcessor === undefined || postProcessor === null) return plain;
  const { success, data } = schema.safeParse(postProcessor);
  if (!success) throw new Error('its post_processor has an unknown type or lacks a field');
  const all = data.type === 'Sequence' ? data.processors : [data];
  const adding = all.filter(({ type }) => type !== 'ByteLevel');
  if (adding.length > 1) throw new Error('two of its post_processors add tokens');
  return adding[0] ? templateOfProcessor(adding[0]) : plain;
}

function templateOfProcessor(processor: Processor): Template {
  switch (processor.type) {
    case 'TemplateProcessing': {
      const { single, pair, special_tokens } = processor;
      const piece = (written: z.infer<typeof pieceSchema>): Piece => {
        if ('Sequence' in written) {
          const { id, type_id } = written.Sequence;
          return { content: id === 'A' ? 'first' : 'second', typeId: type_id };
        }
        const { id, type_id } = written.SpecialToken;
        if (!Object.hasOwn(special_tokens, id)) {
          throw new Error(`its post_processor does not define the special token ${id}`);
        }
        return { content: special_tokens[id]!.ids, typeId: type_id };
      };
      return { single: single.map(piece), pair: pair.map(piece) };
    }
    case 'BertProcessing': {
      const { cls, sep } = processor;
      return around([cls, 'first', sep], ['second', sep], 1);
    }
    case 'RobertaProcessing': {
      const { cls, sep } = processor;
      return around([cls, 'first', sep], [sep, 'second', sep], 0);
    }
    case 'ByteLevel':
      return plain;
  }
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
