/** The alarms of runs beside the other seeds of their method: logged where one of them ends. */
import type { Alarm } from '../../runs/alarms.ts';
import { standingAlarms } from '../../runs/alarms.ts';
import type { AlarmEvent } from '../../runs/events.ts';
import { EventWriter } from '../../runs/eventWriter.ts';
import { experimentKey } from '../../runs/identity.ts';
import { RunIndex } from '../../runs/index/runIndex.ts';
import { OwnedError, takeOwnership } from '../../runs/owner.ts';
import type { RunStore, RunSummary } from '../../runs/store.ts';
import { judgeSeeds, type SeedResult } from './seedApart.ts';

const RULE = 'seed-apart';

interface LoggedAlarm {
  readonly run: RunSummary;
  readonly event: AlarmEvent;
}

/**
 * Judges the finished seeds of the method of `ended`, and logs what is new of them. A run that another process owns is left alone.
 *
 * @param store of the runs
 * @param ended folder of a run
 * @param isHeld whether this process owns it
 * @returns what was logged
 */
export async function logSiblingAlarms(
  store: RunStore,
  ended: string,
  isHeld = true,
): Promise<LoggedAlarm[]> {
  const runs = await store.list();
  const own = runs.find(({ folder }) => folder === ended);
  if (!own) return [];
  const siblings = runs.filter((run) => run.status === 'finished' && isSibling(run, own));
  const results = await Promise.all(siblings.map(resultOf));
  const judgements = judgeSeeds(own.manifest.metric, results);
  const logged: LoggedAlarm[] = [];
  for (const [i, run] of siblings.entries()) {
    const found = judgements[i];
    const stands = standingAlarms(run.alarms).some(({ rule }) => rule === RULE);
    if (found === undefined || (found !== null) === stands) continue;
    const { step } = run;
    const alarm: Alarm = found
      ? { rule: RULE, step, state: 'raised', ...found }
      : { rule: RULE, step, state: 'cleared' };
    const event = { kind: 'alarm' as const, at: Date.now(), ...alarm };
    if (await append(run, event, isHeld && run === own)) logged.push({ run, event });
  }
  return logged;
}

function isSibling(one: RunSummary, other: RunSummary): boolean {
  return (
    experimentKey(one) === experimentKey(other) &&
    one.manifest.aggregator === other.manifest.aggregator
  );
}

async function resultOf({ folder, manifest }: RunSummary): Promise<SeedResult> {
  const index = await RunIndex.open({ folder, manifest });
  try {
    await index.refresh();
    const validations = (await index.rare()).filter((event) => event.kind === 'validation');
    const metricOf = (at: number) =>
      validations.at(at)?.metrics[manifest.metric.name] ?? Number.NaN;
    return { first: metricOf(0), last: metricOf(-1) };
  } finally {
    index.dispose();
  }
}

/** @returns false if another process owns the run */
async function append(run: RunSummary, event: AlarmEvent, isHeld: boolean): Promise<boolean> {
  const ownership = isHeld ? null : await takeOwnership(run.folder).catch(nullIfOwned);
  if (!isHeld && !ownership) return false;
  try {
    const writer = EventWriter.open(run.folder);
    writer.append(event);
    writer.close();
    return true;
  } finally {
    ownership?.release();
  }
}

function nullIfOwned(error: unknown): null {
  if (error instanceof OwnedError) return null;
  throw error;
}
