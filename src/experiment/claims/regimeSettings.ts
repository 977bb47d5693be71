/** Tasks, kinds and numbers of groups, wrong labels and unbalanced classes: where conflict between groups may differ. */
import type { ClaimContext } from './claim.ts';
import type { DigitsKind } from './digits.ts';
import {
  type ClaimSetting,
  notMeasured,
  onDigits,
  onPairs,
  onProblems,
  pairsIn,
  problemsIn,
  regressionOnPairs,
} from './settings.ts';
import { sourcedPairs } from './sourcedPairs.ts';

const micro = (count: number) => ({ by: 'microbatch', count });
const source = { by: 'column:source' };
const label = { by: 'label' };

/** Those whose data are there. */
export function regimeSettings(context: ClaimContext): ClaimSetting[] {
  return [
    ...digitsSettings(context),
    ...stsbSettings(context),
    ...rteSettings(context),
    ...problemsSettings(context),
  ];
}

/** A sentence on what data that are missing would be for. */
export function unmeasuredIn({ data }: ClaimContext): string[] {
  return notMeasured([
    ...(pairsIn(data, 'stsb') === null ? ['a mislabelled source in regression (STS-B)'] : []),
    ...(pairsIn(data, 'rte') === null ? ['pairs of sentences (RTE)'] : []),
    ...(problemsIn(data) === null ? ['groups by length (GSM8K)'] : []),
  ]);
}

function digitsSettings({ digits }: ClaimContext): ClaimSetting[] {
  const on = (
    name: string,
    title: string,
    groups: ClaimSetting['config']['groups'],
    kind: DigitsKind = {},
  ) => ({
    name: `digits-${name}`,
    title: `digits, ${title}`,
    config: onDigits(digits, groups, kind),
  });
  return [
    ...[2, 4, 8, 16].map((count) =>
      on(`microbatch${count}`, `${count} micro-batches`, micro(count)),
    ),
    on('label', 'by label', label),
    on('source', 'by source', source),
    on('source-noise-source', 'by source, one of four mislabelled', source, { noise: 'source' }),
    on('source-noise-even', 'by source, a quarter of each mislabelled', source, { noise: 'even' }),
    on('microbatch8-noise-even', '8 micro-batches, a quarter mislabelled', micro(8), {
      noise: 'even',
    }),
    on('label-unbalanced', 'by label, unbalanced', label, { isUnbalanced: true }),
    on('microbatch8-unbalanced', '8 micro-batches, unbalanced', micro(8), { isUnbalanced: true }),
  ];
}

function stsbSettings({ data, made }: ClaimContext): ClaimSetting[] {
  const stsb = pairsIn(data, 'stsb');
  if (stsb === null) return [];
  const bySource = (isMislabelled: boolean) =>
    onPairs(
      { ...stsb, train: sourcedPairs(stsb.train, { folder: made, isMislabelled }) },
      { ...regressionOnPairs, groups: source },
    );
  return [
    {
      name: 'stsb-tuned',
      title: 'STS-B, 8 micro-batches',
      config: onPairs(stsb, regressionOnPairs),
    },
    { name: 'stsb-source', title: 'STS-B, by source', config: bySource(false) },
    {
      name: 'stsb-source-noise-source',
      title: 'STS-B, by source, one of four mislabelled',
      config: bySource(true),
    },
  ];
}

function rteSettings({ data }: ClaimContext): ClaimSetting[] {
  const rte = pairsIn(data, 'rte');
  if (rte === null) return [];
  return [{ name: 'rte-tuned', title: 'RTE, 8 micro-batches', config: onPairs(rte) }];
}

function problemsSettings({ data }: ClaimContext): ClaimSetting[] {
  const problems = problemsIn(data);
  if (problems === null) return [];
  const config = onProblems(problems);
  return [
    { name: 'gsm8k', title: 'GSM8K, 4 micro-batches', config },
    {
      name: 'gsm8k-length',
      title: 'GSM8K, 4 groups by length',
      config: { ...config, groups: { by: 'length', count: 4 } },
    },
  ];
}
