import path from 'node:path';
import { type AggregateEntry, resolvedAggregation } from '../../../src/config/aggregation.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { closeSession, openSession, type Session } from '../../../src/training/session.ts';
import { Trainer } from '../../../src/training/trainer.ts';

/** For validations whose progress does not matter. */
export const ignoreProgress = async () => {};

/** @param config in YAML, as if it were a file of the folder */
export function sessionOf(folder: string, config: string): Promise<Session> {
  const file = path.join(folder, 'grain.yaml');
  return openSession(parseConfig(config, file), () => {});
}

export function trainerIn(session: Session, aggregator: AggregateEntry): Promise<Trainer> {
  const aggregation = resolvedAggregation(aggregator, session.config.zeroGroups);
  return Trainer.create(session, aggregation, { init: 1, order: 1 });
}

/** The trainer of one run, and what it trains with. @param config in YAML, as if it were a file of the folder */
export async function trainerOf(folder: string, config: string, aggregator: AggregateEntry) {
  const session = await sessionOf(folder, config);
  const aggregation = resolvedAggregation(aggregator, session.config.zeroGroups);
  const trainer = await trainerIn(session, aggregator);
  const close = async () => {
    trainer.dispose();
    await closeSession(session);
  };
  return { trainer, session, aggregation, close };
}
