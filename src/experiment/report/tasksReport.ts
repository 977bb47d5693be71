/** What `grain report --tasks` says: methods over several tasks together. */
import * as z from 'zod';
import type { RunSummary } from '../../runs/store.ts';
import { ComparisonError, differencesOf } from '../comparable.ts';
import { performanceProfile } from '../statistics/performanceProfile.ts';
import { scoresOf, taskOf } from '../tasks/scores.ts';
import { tasksFindingsOf, tasksFindingsSchema } from '../tasks/tasksFindings.ts';
import { tasksVerdictOf } from '../tasks/tasksVerdict.ts';
import { verdictSchema } from '../verdict.ts';
import { profileSchema } from './fullReport.ts';

export const tasksReportSchema = z.object({
  tasks: z.array(
    z.object({
      name: z.string(),
      experiments: z.array(z.object({ id: z.string(), name: z.string() })),
      metric: z.string(),
      /** The value that has score 0. */
      constantPredictor: z.number(),
      /** The value that has score 1. */
      perfect: z.number(),
      /** Those that count: as many as the task with the fewest has. */
      seeds: z.array(z.string()),
      /** By method, in the order of the seeds. */
      scores: z.array(z.object({ method: z.string(), scores: z.array(z.number()) })),
    }),
  ),
  verdict: verdictSchema,
  findings: tasksFindingsSchema,
  /** The share of the runs of all tasks with a score above each threshold, where it changes. */
  performanceProfiles: z.array(profileSchema),
});

export type TasksReport = z.infer<typeof tasksReportSchema>;

/**
 * @param tasks of each, its runs: at least one
 * @param wanted a metric of all tasks; by default each task's own, that ranks its checkpoints
 * @throws ComparisonError if runs of a task are not of one experiment, two tasks are, or tasks have nothing in common
 */
export async function tasksReportOf(
  tasks: readonly (readonly RunSummary[])[],
  wanted?: string,
): Promise<TasksReport> {
  const scores = scoresOf(await Promise.all(tasks.map((runs) => taskOf(runs, wanted))));
  checkDiffering(tasks);
  const findings = tasksFindingsOf(scores);
  return {
    tasks: scores.tasks.map(({ name, experiments, findings, ...task }) => ({
      ...{ name, experiments: [...experiments], metric: findings.metric },
      ...{ constantPredictor: task.constantPredictor, perfect: task.perfect },
      seeds: [...task.seeds],
      scores: scores.methods.map((method) => ({ method, scores: [...task.scores.get(method)!] })),
    })),
    verdict: tasksVerdictOf(scores, findings),
    findings,
    performanceProfiles: scores.methods.map((method) => ({
      method,
      runs: scores.tasks.length * scores.seeds,
      points: performanceProfile(
        scores.tasks.map((task) => task.scores.get(method)!),
        'higher',
      ),
    })),
  };
}

/** Launches of one config are one task: as two, the same seeds would count twice. */
function checkDiffering(tasks: readonly (readonly RunSummary[])[]): void {
  const manifests = tasks.map(([run]) => run!.manifest);
  for (const [i, one] of manifests.entries()) {
    const twin = manifests.slice(i + 1).find((other) => differencesOf(one, other).length === 0);
    if (twin) {
      throw new ComparisonError(
        `${one.experiment.id} and ${twin.experiment.id} differ in method and seed alone, so they are one task. Expected several. Report these together without --tasks.`,
      );
    }
  }
}
