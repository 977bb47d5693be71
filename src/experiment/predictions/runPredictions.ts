/** The predictions of one run as columns of numbers: those of a hundred thousand examples are a few megabytes. */
import { open } from 'node:fs/promises';
import { runFile } from '../../runs/grainFolder.ts';
import { type Prediction, parsePrediction } from '../../runs/predictions.ts';
import { LineTail } from '../../runs/tail.ts';
import { comparedAnswer } from './comparedAnswer.ts';

export type PredictedKind = 'classes' | 'values' | 'answers';

export interface RunPredictions {
  readonly kind: PredictedKind;
  readonly count: number;
  /** Of each example its place among the validation examples, from 0. */
  readonly indices: Float64Array;
  /** A value or, of classes and answers, the code of a text. */
  readonly targets: Float64Array;
  /** As targets; NaN where there is none. */
  readonly predictions: Float64Array;
  /** Of the prediction, 0…1; NaN unless there are classes. */
  readonly probabilities: Float64Array;
  /** −ln p of the target class, or the squared error of a value; NaN where it is not known. */
  readonly losses: Float64Array;
  /** 1 where the prediction is right; all 0 for values. */
  readonly right: Uint8Array;
  /** Where each line begins in the file, in bytes. */
  readonly offsets: Float64Array;
  /** Of classes, in the order of their probabilities; else empty. */
  readonly classes: readonly string[];
}

/** Texts by number: each is kept once, however many runs predict it. */
export class Vocabulary {
  readonly #texts: string[] = [];
  readonly #codes = new Map<string, number>();

  code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.#codes.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  /** Null for NaN, and for what is not the code of a text. */
  text(code: number): string | null {
    return this.#texts[code] ?? null;
  }
}

/**
 * @param folder of the run
 * @param marker the config's `answerAfter`: answers are compared by what follows it
 * @returns null if the run has no predictions, or another trainer wrote something else
 */
export async function readRunPredictions(
  folder: string,
  vocabulary: Vocabulary,
  marker?: string,
): Promise<RunPredictions | null> {
  const lists = { index: [], target: [], prediction: [], probability: [], loss: [] } as Lists;
  const [right, offsets]: [number[], number[]] = [[], []];
  let kind: PredictedKind | undefined;
  let classes: readonly string[] = [];
  let isForeign = false;
  await new LineTail(runFile(folder, 'predictions')).read({
    line: ({ bytes, offset }) => {
      const prediction = isForeign ? null : parsePrediction(bytes.toString());
      const own = prediction && kindOf(prediction);
      kind ??= own ?? undefined;
      if (!prediction || own !== kind) {
        isForeign = true;
        return;
      }
      if (offsets.length === 0 && 'probabilities' in prediction) {
        classes = Object.keys(prediction.probabilities);
        for (const name of classes) vocabulary.code(name);
      }
      const figures = figuresOf(prediction, vocabulary, marker);
      for (const name of NAMES) lists[name].push(figures[name]);
      right.push(Number(figures.right));
      offsets.push(offset);
    },
    restart: () => {},
  });
  if (kind === undefined || isForeign) return null;
  return {
    kind,
    count: offsets.length,
    indices: Float64Array.from(lists.index),
    targets: Float64Array.from(lists.target),
    predictions: Float64Array.from(lists.prediction),
    probabilities: Float64Array.from(lists.probability),
    losses: Float64Array.from(lists.loss),
    right: Uint8Array.from(right),
    offsets: Float64Array.from(offsets),
    classes,
  };
}

/** The whole line of one example again; null if it is not there any more. @param place among the run's predictions */
export async function readPrediction(
  folder: string,
  { offsets }: RunPredictions,
  place: number,
): Promise<Prediction | null> {
  const from = offsets[place];
  if (from === undefined) return null;
  const file = await open(runFile(folder, 'predictions'));
  try {
    const end = offsets[place + 1] ?? (await file.stat()).size;
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(Math.max(0, end - from)),
      position: from,
    });
    return parsePrediction(buffer.subarray(0, bytesRead).toString());
  } finally {
    await file.close();
  }
}

const NAMES = ['index', 'target', 'prediction', 'probability', 'loss'] as const;

type Figures = Readonly<Record<(typeof NAMES)[number], number>>;
type Lists = Readonly<Record<(typeof NAMES)[number], number[]>>;

function kindOf(prediction: Prediction): PredictedKind {
  if ('probabilities' in prediction) return 'classes';
  return 'correct' in prediction ? 'answers' : 'values';
}

function figuresOf(
  it: Prediction,
  vocabulary: Vocabulary,
  marker: string | undefined,
): Figures & { readonly right: boolean } {
  const { index } = it;
  if ('probabilities' in it) {
    const { target, prediction, probabilities } = it;
    const chance = (name: string | null) =>
      (name === null ? null : probabilities[name]) ?? Number.NaN;
    return {
      index,
      target: vocabulary.code(target),
      prediction: prediction === null ? Number.NaN : vocabulary.code(prediction),
      probability: chance(prediction),
      loss: -Math.log(chance(target)),
      right: prediction === target,
    };
  }
  if ('correct' in it) {
    const codeOf = (of: 'target' | 'prediction') => {
      const answer = comparedAnswer(it, of, marker);
      return answer === null ? Number.NaN : vocabulary.code(String(answer));
    };
    return {
      index,
      target: codeOf('target'),
      prediction: codeOf('prediction'),
      probability: Number.NaN,
      loss: Number.NaN,
      right: it.correct,
    };
  }
  const prediction = it.prediction ?? Number.NaN;
  return {
    index,
    target: it.target,
    prediction,
    probability: Number.NaN,
    loss: (prediction - it.target) ** 2,
    right: false,
  };
}
