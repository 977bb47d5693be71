import type { MetricsCost } from '../../src/extension/messages/metrics.ts';
import { mebibytes, percent, plural, short } from '../format.ts';

/** What aggregation costs in time and memory, and how that was found. */
export function costWords(
  { steps, stepTime, aggregationShare, tensors, resident }: NonNullable<MetricsCost['cost']>,
  againstMean: MetricsCost['againstMean'],
): string {
  const than = (ratio: number | null | undefined) =>
    ratio ? `, ${short(ratio)} × the mean’s` : '';
  const memory = [
    tensors !== null && `tensors ${mebibytes(tensors)}${than(againstMean?.tensors)}`,
    resident !== null && `process ${mebibytes(resident)}`,
  ].filter((text) => text !== false);
  return [
    `Cost: ${short(stepTime)} ms a step${than(againstMean?.time)}; ${percent(aggregationShare)} of it aggregation (medians of ${plural(steps, 'step')}).`,
    ...(memory.length > 0 ? [`Most memory: ${memory.join('; ')}.`] : []),
  ].join(' ');
}
