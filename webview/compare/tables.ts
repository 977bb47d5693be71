/** The tables of the view that compares runs, as lines of cells. Pure. */
import type {
  ComparedGroup,
  ComparedRun,
  CompareShow,
} from '../../src/extension/messages/compare.ts';
import type { Row } from '../controls/dataTable.ts';
import type { Cell, Line } from '../controls/sortableTable.ts';
import { decimalsOf, exact } from '../format.ts';

type Shown = Pick<CompareShow, 'metric' | 'baseline' | 'better' | 'differences'>;

const NONE: Cell = { text: '–', value: null };

export function groupTitles({ metric, baseline }: Shown): string[] {
  return [
    ...['group', `${metric}, mean`, 'std', 'min', 'max', 'finished', 'runs'],
    ...(baseline === null ? [] : ['Δ to baseline', '95 % interval', 'pairs']),
  ];
}

/** A line for each group. */
export function groupLines(groups: readonly ComparedGroup[], { baseline }: Shown): Line[] {
  return groups.map((group): Line => {
    const { key, aggregator, final, seeds } = group;
    const text = decimalsOf(final?.std ?? null);
    const figure = (value: number | null | undefined): Cell =>
      value === null || value === undefined ? NONE : { text: text(value), value };
    const name = key === baseline ? `${aggregator} (baseline)` : aggregator;
    return {
      id: key,
      cells: [
        { text: name, value: name },
        ...[final?.mean, final?.std, final?.min, final?.max].map(figure),
        count(final?.n ?? 0),
        count(seeds.length),
        ...(baseline === null ? [] : differenceCells(group)),
      ],
    };
  });
}

function differenceCells({ difference }: ComparedGroup): Cell[] {
  if (!difference) return [NONE, NONE, NONE];
  const { interval, pairs } = difference;
  const range = interval && `${signed(interval.low)} … ${signed(interval.high)}`;
  return [
    { text: signed(difference.difference), value: difference.difference },
    range === null ? NONE : { text: range, value: interval!.high - interval!.low },
    pairs === 0 ? { text: 'not paired', value: 0 } : count(pairs),
  ];
}

export function runTitles({ metric, baseline, better, differences }: Shown): string[] {
  return [
    ...['run', 'launch', 'status', 'step', metric],
    ...(better === null ? [] : ['best']),
    ...(baseline === null ? [] : ['Δ to baseline']),
    'tags',
    ...differences.rows.map(({ key }) => key),
  ];
}

/** A line for each run. */
export function runLines(runs: readonly ComparedRun[], shown: Shown): Line[] {
  const number = (value: number | null): Cell =>
    value === null ? NONE : { text: exact(value), value };
  return runs.map((run): Line => {
    const { difference } = run;
    const name = `${run.method} · seed ${run.seed}`;
    const unpaired = difference?.pairs === 0 ? ' (to its mean)' : '';
    const delta = difference && {
      text: `${signed(difference.difference)}${unpaired}`,
      value: difference.difference,
    };
    return {
      id: run.id,
      cells: [
        ...[name, run.launch, run.status].map(word),
        count(run.step),
        number(run.last),
        ...(shown.better === null ? [] : [number(run.best)]),
        ...(shown.baseline === null ? [] : [delta ?? NONE]),
        word(run.tags.map((tag) => `#${tag}`).join(' ')),
        ...run.values.map(word),
      ],
    };
  });
}

/** Titles and rows of what differs between the configs. */
export function differenceRows({ differences }: Pick<CompareShow, 'differences'>): [Row, Row[]] {
  return [
    ['key', ...differences.titles],
    differences.rows.map(({ key, values }) => [key, ...values]),
  ];
}

function word(text: string): Cell {
  const value = Number(text);
  return { text, value: text !== '' && Number.isFinite(value) ? value : text || null };
}

function count(value: number): Cell {
  return { text: String(value), value };
}

/** "+0.012". */
function signed(value: number): string {
  const text = exact(Number(value.toPrecision(3)));
  return value > 0 ? `+${text}` : text;
}
