/** The same search for every method: no method wins or loses by a learning rate that was chosen for another. */
import { bestNear, scoreOf, searchSeeds } from '../../src/experiment/claims/learningRate.ts';
import { metricOf } from './outcome.ts';
import { type Job, train } from './train.ts';

/** The setting's own learning rate times ⅓, 1 or 3, or further out, by the mean metric of the search's seeds. */
export async function bestRate(job: Job, core: number): Promise<number> {
  const own = Number(job.config.optimizer.learningRate);
  if (job.setting.tuned === false) return own;
  return bestNear(own, async (rate) => {
    const runs = await train(job, rate, searchSeeds, core);
    return scoreOf(
      runs.map((run) => metricOf(run, job.setting)),
      job.setting.better,
    );
  });
}
