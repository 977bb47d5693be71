/** How many acknowledged steps a format loses when its writer is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { candidates } from './candidates.ts';
import type { RealRun } from './realSteps.ts';

const modules = import.meta.resolve('./candidates.ts');
const script = `
  const { candidates } = await import(${JSON.stringify(modules)});
  const { openSync, readFileSync, writeSync } = await import('node:fs');
  const [name, folder] = process.argv.slice(1);
  const { manifest, steps } = JSON.parse(readFileSync(folder + '/../real.json', 'utf8'));
  const writer = await candidates[name].open(folder, manifest);
  const acknowledged = openSync(folder + '/../acknowledged', 'w');
  for (let step = 1; ; step++) {
    writer.append({ ...steps[step % steps.length], step });
    writeSync(acknowledged, step + '\\n');
  }
`;

export interface KillOutcome {
  /** Most acknowledged steps that one kill lost. */
  readonly lost: number;
  /** Kills after which nothing could be read. */
  readonly unreadable: number;
}

export async function killWriters(name: string, run: RealRun, count: number): Promise<KillOutcome> {
  let [lost, unreadable] = [0, 0];
  for (let kill = 0; kill < count; kill++) {
    const scratch = mkdtempSync(path.join(tmpdir(), 'grain-logs-kill-'));
    const folder = mkdtempSync(path.join(scratch, 'run-'));
    writeFileSync(path.join(scratch, 'real.json'), JSON.stringify(run));
    const acknowledged = path.join(scratch, 'acknowledged');
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
    const child = spawn(process.execPath, [...args, name, folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const closed = once(child, 'close');
    while (child.exitCode === null && !existsSync(acknowledged)) await sleep(2);
    await sleep((150 * (kill + 1)) / count);
    child.kill('SIGKILL');
    await closed;
    const last = Number(readFileSync(acknowledged, 'utf8').trim().split('\n').at(-1));
    try {
      const read = candidates[name]!.read(folder);
      lost = Math.max(lost, last - read.length);
    } catch {
      unreadable++;
    }
    rmSync(scratch, { recursive: true });
  }
  return { lost, unreadable };
}
