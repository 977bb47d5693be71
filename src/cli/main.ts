import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { surviveBrokenOutput } from './brokenOutput.ts';
import { addCommands } from './commands.ts';
import { reportError } from './exit.ts';
import { useProxy } from './proxy.ts';

surviveBrokenOutput();
useProxy();

const program = new Command('grain')
  .description(packageJson.description)
  .version(packageJson.version)
  .exitOverride();

try {
  await addCommands(program, process.argv[2]);
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
