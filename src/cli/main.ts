import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { surviveBrokenOutput } from './brokenOutput.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addExportCommand } from './commands/export.ts';
import { addProbeCommand } from './commands/probe.ts';
import { addReportCommand } from './commands/report.ts';
import { addRunCommand } from './commands/run.ts';
import { addRunsCommand } from './commands/runs.ts';
import { addShowCommand } from './commands/show.ts';
import { addSolveCommand } from './commands/solve.ts';
import { addStopCommand } from './commands/stop.ts';
import { reportError } from './exit.ts';

surviveBrokenOutput();

const program = new Command('grain')
  .description(packageJson.description)
  .version(packageJson.version)
  .exitOverride();

addRunCommand(program);
addProbeCommand(program);
addRunsCommand(program);
addShowCommand(program);
addReportCommand(program);
addExportCommand(program);
addStopCommand(program);
addConfigCommand(program);
addDoctorCommand(program);
addSolveCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
