/** What the predictions panel is sent, from the predictions of a method's seeds. */
import type { ExampleView } from '../../experiment/predictions/exampleTable.ts';
import { confusionOf, scatterOf } from '../../experiment/predictions/pictures.ts';
import { readPrediction } from '../../experiment/predictions/runPredictions.ts';
import type { Prediction } from '../../runs/predictions.ts';
import type {
  ExampleRow,
  ExampleShow,
  Look,
  PredictionsPicture,
  PredictionsShow,
} from '../messages/predictions.ts';

/** Rows of a page. */
export const PAGE = 50;
/** Characters of an answer in the table. */
const ANSWER = 120;
/** Classes in the details of an example. */
const LIKELIEST = 8;

/** What is known of the examples beside their predictions. */
export interface AboutExamples {
  excerpt(index: number): string | null;
  group(index: number): string | null;
}

export function pictureOf(view: ExampleView): PredictionsPicture {
  switch (view.table.kind) {
    case 'classes':
      return { kind: 'classes', confusion: confusionOf(view) };
    case 'values':
      return { kind: 'values', scatter: scatterOf(view) };
    case 'answers':
      return { kind: 'answers' };
  }
}

export function countsOf(view: ExampleView): PredictionsShow['counts'] {
  const { table, seeds } = view;
  const sizes = { examples: table.count, seeds: seeds.length };
  if (table.kind === 'values') return { ...sizes, wrong: null, alwaysWrong: null, disputed: null };
  return { ...sizes, ...view.counts };
}

/** @param places of the examples that fit, in their order */
export function rowsOf(
  view: ExampleView,
  places: Int32Array,
  { page }: Pick<Look, 'page'>,
  about: AboutExamples,
): { from: number; rows: ExampleRow[] } {
  const last = Math.max(0, Math.ceil(places.length / PAGE) - 1);
  const from = PAGE * Math.min(page, last);
  const rows = Array.from(places.subarray(from, from + PAGE), (place) => rowOf(view, place, about));
  return { from, rows };
}

function rowOf(view: ExampleView, place: number, about: AboutExamples): ExampleRow {
  const { table, seeds } = view;
  const isValue = table.kind === 'values';
  const index = table.indices[place]!;
  const textOf = (value: number) => table.text(value)?.slice(0, ANSWER) ?? null;
  return {
    index,
    excerpt: about.excerpt(index),
    target: textOf(table.targets[place]!) ?? '',
    predictions: isValue
      ? [{ text: textOf(view.predictions[place]!), seeds: seeds.length }]
      : view.answers(place).map(({ value, seeds }) => ({ text: textOf(value), seeds })),
    seeds: seeds.length,
    right: isValue ? null : view.right[place]!,
    agreement: isValue ? null : view.agreement[place]!,
    spread: finite(view.spread[place]!),
    probability: finite(view.probabilities[place]!),
    loss: finite(view.losses[place]!),
    group: about.group(index),
  };
}

/** What the data says of one example and what each seed predicts, read again from their files. */
export async function detailOf(
  { table }: ExampleView,
  place: number,
): Promise<Pick<NonNullable<ExampleShow['example']>, 'target' | 'seeds'>> {
  const lines = await Promise.all(
    table.seeds.map(({ folder, predictions }) => readPrediction(folder, predictions, place)),
  );
  return {
    target: String(lines.find((line) => line !== null)?.target ?? ''),
    seeds: table.seeds.map(({ seed, predictions }, i) => {
      const line = lines[i] ?? null;
      return {
        seed,
        prediction: line && shown(line),
        right: line && rightOf(line),
        loss: finite(predictions.losses[place]!),
        probabilities: line && 'probabilities' in line ? likeliest(line.probabilities) : [],
      };
    }),
  };
}

function shown({ prediction }: Prediction): string | null {
  return prediction === null ? null : String(prediction);
}

function rightOf(line: Prediction): boolean | null {
  if ('correct' in line) return line.correct;
  return 'probabilities' in line ? line.prediction === line.target : null;
}

function likeliest(probabilities: Readonly<Record<string, number | null>>) {
  return Object.entries(probabilities)
    .map(([name, probability]) => ({ name, probability }))
    .sort((a, b) => (b.probability ?? -1) - (a.probability ?? -1))
    .slice(0, LIKELIEST);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
