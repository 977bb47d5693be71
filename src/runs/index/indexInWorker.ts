import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';

/** What the worker is started with: folders of a run and of its index, and whether what was written is not to be trusted. */
export const indexingTaskSchema = z.object({
  folder: z.string(),
  index: z.string(),
  isAnew: z.boolean().exactOptional(),
});

type IndexingTask = z.infer<typeof indexingTaskSchema>;

const reportSchema = z.discriminatedUnion('kind', [
  /** Share of the log that has been read, 0…1. */
  z.object({ kind: z.literal('progress'), done: z.number() }),
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
]);

/** What it posts. */
export type IndexingReport = z.infer<typeof reportSchema>;

/**
 * Extends the index of a run to the end of its log, on another thread.
 * @throws if the index cannot be written, or the log not be read
 */
export async function indexInWorker(
  task: IndexingTask,
  onProgress: (done: number) => void = () => {},
): Promise<void> {
  // From source the worker is a file next to this one; in dist/ it is a separate bundle.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './index-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    execArgv: [],
    workerData: task,
  });
  let reason: string | null = 'its thread ended';
  worker.on('message', (message: unknown) => {
    const report = reportSchema.parse(message);
    if (report.kind === 'progress') onProgress(report.done);
    else reason = report.kind === 'failed' ? report.reason : null;
  });
  await once(worker, 'exit');
  if (reason !== null) throw new Error(`cannot index ${task.folder}: ${reason}`);
}
