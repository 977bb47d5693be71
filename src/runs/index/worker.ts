/** Indexes a log on a thread of its own. */
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../config/errors.ts';
import { runFile } from '../grainFolder.ts';
import { parseManifest } from '../manifest.ts';
import { LineTail } from '../tail.ts';
import { type IndexingReport, indexingTaskSchema } from './indexInWorker.ts';
import { LogIndex } from './logIndex.ts';

/** So many steps are written at once. */
const BATCH = 1024;
/** Milliseconds between two reports. */
const REPORT_MS = 200;

async function extendIndex(
  index: LogIndex,
  folder: string,
  report: (report: IndexingReport) => void,
): Promise<void> {
  let reportedAt = 0;
  await new LineTail(runFile(folder, 'events'), index.place).read({
    line: (line) => {
      index.add(line);
      if (index.unwritten >= BATCH) index.write();
    },
    restart: () => {
      throw new Error('the log was replaced');
    },
    progress: (read, size) => {
      if (performance.now() - reportedAt < REPORT_MS) return;
      reportedAt = performance.now();
      report({ kind: 'progress', done: read / size });
    },
  });
  index.write();
}

const report = (message: IndexingReport) => parentPort?.postMessage(message);
try {
  const task = indexingTaskSchema.parse(workerData);
  const manifest = parseManifest(await readFile(runFile(task.folder, 'manifest'), 'utf8'));
  if (!manifest) throw new Error('it has no readable run.json');
  const run = { ...task, manifest };
  const index = task.isAnew ? LogIndex.anew(run) : await LogIndex.open(run);
  await extendIndex(index, task.folder, report);
  report({ kind: 'done' });
} catch (error) {
  report({ kind: 'failed', reason: messageOf(error) });
}
