import { ConfigHints } from '../configHints.ts';
import { ConfigResults } from '../configResults.ts';
import { Disposable } from '../disposable.ts';
import type { WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import { ConfigHelp } from './configHelp.ts';
import { OpenConfigs } from './openConfigs.ts';
import { ConfigProblems } from './problems.ts';

/** What the editor knows of configs: mistakes, completion and help, results of the last launch. */
export class ConfigEditing extends Disposable {
  readonly problems = this.register(new ConfigProblems());

  constructor(runs: WorkspaceRuns) {
    super();
    this.register(new ConfigHelp());
    const configs = this.register(new OpenConfigs(runs));
    this.register(new ConfigResults(configs));
    this.register(new ConfigHints(configs));
  }
}
