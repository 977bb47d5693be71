import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { resolveRuns } from '../../runs/reference.ts';
import { isActive, type RunStatus } from '../../runs/status.ts';
import { RunStore } from '../../runs/store.ts';
import { FAILED } from '../exit.ts';
import { rootOption } from '../listing.ts';
import { printJson } from '../output.ts';

const POLL_MS = 200;

interface StopOptions {
  readonly root?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function addStopCommand(program: Command): void {
  program
    .command('stop')
    .description(
      'stop a run after its step, or within a validation, with a checkpoint to resume from',
    )
    .argument('<run>', 'id of a run, the start of one, or id of an experiment for all its runs')
    .option('--wait', 'wait until the runs have ended')
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async (reference: string, { root, wait, json }: StopOptions) => {
      const store = new RunStore(root);
      const active = resolveRuns(await store.listWatching(), reference).filter(({ status }) =>
        isActive(status),
      );
      const ids = active.map(({ manifest }) => manifest.id);
      await Promise.all(ids.map((id) => store.requestStop(id)));
      const runs = await statusesOf(ids, store, wait ?? false);
      if (json) printJson({ runs });
      else console.log(asText(reference, runs));
      const isStopped = ({ status }: StoppedRun) => status !== 'interrupted' && status !== 'failed';
      if (runs.length === 0 || !runs.every(isStopped)) process.exitCode = FAILED;
    });
}

interface StoppedRun {
  readonly id: string;
  readonly status: RunStatus;
}

async function statusesOf(
  ids: readonly string[],
  store: RunStore,
  wait: boolean,
): Promise<StoppedRun[]> {
  for (;;) {
    const runs = (await store.list()).filter(({ manifest }) => ids.includes(manifest.id));
    if (!wait || !runs.some(({ status }) => isActive(status))) {
      return runs.map(({ manifest, status }) => ({ id: manifest.id, status }));
    }
    await sleep(POLL_MS);
  }
}

function asText(reference: string, runs: readonly StoppedRun[]): string {
  if (runs.length === 0) return `nothing to stop: no process is working on ${reference}`;
  return runs
    .map(({ id, status }) => (isActive(status) ? `${id} was asked to stop` : `${id} ${status}`))
    .join('\n');
}
