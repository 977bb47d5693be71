/** A run's log as series of numbers over the steps, for other tools. */
import type { RunEvent, StepEvent } from '../events.ts';
import { diagnosticsOf, meanLoss } from '../facts.ts';
import type { RunManifest } from '../manifest.ts';
import type { RunSummary } from '../store.ts';
import { eventsOf } from '../tail.ts';

export interface Scalar {
  readonly step: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** "train/loss", "validation/accuracy", "weight/west". */
  readonly series: string;
  /** NaN for a value that was not finite. */
  readonly value: number;
}

/** In the order of the log, which is read as they are asked for. */
export async function* scalarsOf({ folder, manifest }: RunSummary): AsyncGenerator<Scalar> {
  for await (const event of eventsOf(folder)) {
    const place = placeOf(event);
    for (const [series, value] of valuesOf(event, manifest)) {
      yield { ...place, series, value: value ?? Number.NaN };
    }
  }
}

function placeOf(event: RunEvent): Pick<Scalar, 'step' | 'at'> {
  return { step: 'step' in event ? event.step : 0, at: event.at };
}

function* valuesOf(event: RunEvent, manifest: RunManifest): Generator<[string, number | null]> {
  if (event.kind === 'validation') {
    for (const [name, value] of Object.entries(event.metrics)) yield [`validation/${name}`, value];
  }
  if (event.kind === 'step') yield* stepValues(event, manifest);
}

/** The direction d that the optimizer received, and the groups that it is made of. */
function* stepValues(
  event: StepEvent,
  { groups }: RunManifest,
): Generator<[string, number | null]> {
  const { ms } = event;
  yield ['train/loss', meanLoss(event)];
  yield ['train/learningRate', event.learningRate];
  yield ['train/milliseconds', ms.gradients + ms.aggregate + ms.update];
  const derived = diagnosticsOf(event);
  if (derived) {
    yield ['direction/minCosine', derived.minCosine];
    yield ['direction/effectiveGroups', derived.effectiveGroups];
  }
  for (const [i, index] of event.groups.entries()) {
    const name = groups.names[index] ?? `#${index + 1}`;
    yield [`loss/${name}`, event.losses[i] ?? null];
    const weight = event.weights?.[i];
    if (weight !== undefined) yield [`weight/${name}`, weight];
  }
}
