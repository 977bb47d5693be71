import { diagnoseStep, type StepDiagnostics, type StepFacts } from '../engine/diagnoseStep.ts';
import { unpackGram } from '../engine/gram.ts';
import type { MeasuredVector } from '../engine/types.ts';
import type { Fact, StepEvent } from './events.ts';

/**
 * A logged step as the engine's input.
 *
 * @throws RangeError if the lengths of the step's lists do not match
 */
export function factsOf({ groups, ...event }: StepEvent): StepFacts {
  const k = groups.length;
  const { gram, weights, blocks, direct, streaming, update } = event;
  const sizes = countsOf(event);
  if (sizes.length !== k || (weights && weights.length !== k)) {
    throw new RangeError(`${sizes.length} sizes and ${weights?.length} weights for ${k} groups`);
  }
  return {
    sizes,
    gram: gram && unpackGram(gram, k),
    weights,
    ...(blocks && {
      blocks: blocks.map(({ name, ...of }) => ({
        name,
        gram: unpackGram(of.gram, k),
        weights: of.weights,
      })),
    }),
    ...(direct && { direct: measured(direct) }),
    ...(streaming && { streamed: { norm2: numberOf(streaming.at(-1)?.direction2) } }),
    ...(update && {
      update: {
        ...measured(update),
        ...(update.rounding !== undefined && { rounding: numberOf(update.rounding) }),
      },
    }),
  };
}

/** What the engine derives of a logged step; null if its facts do not match each other, as those of another trainer might. */
export function diagnosticsOf(event: StepEvent): StepDiagnostics | null {
  return derivedOf(event, diagnoseStep) ?? null;
}

/** As {@link diagnosticsOf}, of what is asked for alone; undefined if the facts do not match. */
export function derivedOf<T>(event: StepEvent, derive: (facts: StepFacts) => T): T | undefined {
  try {
    return derive(factsOf(event));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What each group counts for in the mean of all. */
export function countsOf({
  counts,
  sizes,
}: Pick<StepEvent, 'counts' | 'sizes'>): readonly number[] {
  return counts ?? sizes;
}

/** Mean loss of a step; NaN if that of a group is not finite. */
export function meanLoss(event: StepEvent): number {
  let sum = 0;
  let total = 0;
  for (const [i, count] of countsOf(event).entries()) {
    sum += numberOf(event.losses[i]) * count;
    total += count;
  }
  return sum / total;
}

function measured({ norm2, inner }: MeasuredVector<Fact>): MeasuredVector {
  return { norm2: numberOf(norm2), inner: inner.map(numberOf) };
}

/** A number that was not finite is logged as null. */
function numberOf(fact: Fact | undefined): number {
  return fact ?? Number.NaN;
}
