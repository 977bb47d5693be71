import path from 'node:path';
import { resolvedAggregation } from '../../../src/config/aggregation.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { closeSession, openSession } from '../../../src/training/session.ts';
import { Trainer } from '../../../src/training/trainer.ts';

/** For validations whose progress does not matter. */
export const ignoreProgress = async () => {};

/** The trainer of one run, and what it trains with. @param config in YAML, as if it were a file of the folder */
export async function trainerOf(
  folder: string,
  config: string,
  aggregator: Parameters<typeof resolvedAggregation>[0],
) {
  const file = path.join(folder, 'grain.yaml');
  const session = await openSession(parseConfig(config, file), () => {});
  const aggregation = resolvedAggregation(aggregator, session.config.zeroGroups);
  const trainer = await Trainer.create(session, aggregation, { init: 1, order: 1 });
  const close = async () => {
    trainer.dispose();
    await closeSession(session);
  };
  return { trainer, session, aggregation, close };
}
