import * as vscode from 'vscode';
import { Commands } from './commands.ts';
import type { Example } from './configs/example.ts';
import type { ConfigProblems } from './configs/problems.ts';
import { Disposable } from './disposable.ts';
import type { RunExplorer } from './explorer/runExplorer.ts';
import { ExplorerCommands } from './explorerCommands.ts';
import { ExportCommands } from './exportCommands.ts';
import type { GrainCommand } from './launch/grainProcess.ts';
import { Launcher } from './launch/launcher.ts';
import { Prober } from './launch/prober.ts';
import type { Panels } from './panels/panels.ts';
import { GpuSetup } from './setup/gpuSetup.ts';
import type { Action, Targets } from './targets.ts';
import type { WorkspaceRuns } from './workspace/workspaceRuns.ts';

interface Parts {
  readonly runs: WorkspaceRuns;
  readonly targets: Targets;
  readonly explorer: RunExplorer;
  readonly problems: ConfigProblems;
  readonly example: Example;
  readonly memory: Pick<vscode.ExtensionContext, 'workspaceState' | 'globalState'>;
  /** Folder for what is installed. */
  readonly storage: string;
  readonly panels: () => Promise<Panels>;
  readonly grain: () => GrainCommand;
  /** Selects the runs in the folders. */
  readonly select: (folders: readonly string[]) => void;
}

/** What the commands of package.json do. */
export class Actions extends Disposable {
  readonly launcher: Launcher;
  readonly #actions: Readonly<Record<string, Action>>;

  constructor({ memory, storage, select, ...parts }: Parts) {
    super();
    const { runs, targets, explorer, panels, problems, grain } = parts;
    this.launcher = new Launcher({
      grain,
      runs,
      problems,
      onStarted: (started) => {
        select(started.map(({ folder }) => folder));
        // Without taking the focus from the config that is being edited.
        void vscode.commands.executeCommand('grain.metrics.focus', { preserveFocus: true });
      },
    });
    const { launcher } = this;
    const prober = this.register(new Prober({ grain, problems, memory }));
    const setup = this.register(new GpuSetup(storage));
    const compare = async (folders: readonly string[]) => (await panels()).openComparison(folders);
    this.#actions = {
      ...this.register(new Commands({ ...parts, launcher, prober, memory: memory.workspaceState }))
        .actions,
      ...new ExplorerCommands({ runs, targets, explorer, grain, compare }).actions,
      ...new ExportCommands({ targets, grain }).actions,
      setUpGpu: () => setup.setUp(),
    };
  }

  /** @param command its id in package.json, `grain.…` @param target what it was called on */
  run(command: string, target: unknown): unknown {
    const action = this.#actions[command.replace('grain.', '')];
    if (!action) throw new Error(`${command} is not implemented`);
    return action(target);
  }
}
