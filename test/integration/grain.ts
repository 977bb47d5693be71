import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { grainScript } from '../built.ts';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real `grain` process. */
export interface Grain {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** @param env beside that of this process */
export function startGrain(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Grain {
  const node = ['--disable-warning=ExperimentalWarning', grainScript, ...args];
  const child = spawn(process.execPath, node, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ended = Promise.all([status, text(child.stdout), text(child.stderr)]).then(
    ([status, stdout, stderr]) => ({ status, stdout, stderr }),
  );
  return { child, ended };
}

export function grain(...command: Parameters<typeof startGrain>): Promise<Ended> {
  return startGrain(...command).ended;
}
