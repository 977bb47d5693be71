import type { Command } from 'commander';

type AddCommand = (program: Command) => void;

/** In the order of the help. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import('./commands/run.ts')).addRunCommand,
  probe: async () => (await import('./commands/probe.ts')).addProbeCommand,
  runs: async () => (await import('./commands/runs.ts')).addRunsCommand,
  show: async () => (await import('./commands/show.ts')).addShowCommand,
  report: async () => (await import('./commands/report.ts')).addReportCommand,
  soup: async () => (await import('./commands/soup.ts')).addSoupCommand,
  verify: async () => (await import('./commands/verify.ts')).addVerifyCommand,
  export: async () => (await import('./commands/export.ts')).addExportCommand,
  examples: async () => (await import('./commands/examples.ts')).addExamplesCommand,
  import: async () => (await import('./commands/import.ts')).addImportCommand,
  stop: async () => (await import('./commands/stop.ts')).addStopCommand,
  config: async () => (await import('./commands/config.ts')).addConfigCommand,
  work: async () => (await import('./commands/work.ts')).addWorkCommand,
  doctor: async () => (await import('./commands/doctor/doctor.ts')).addDoctorCommand,
  solve: async () => (await import('./commands/solve.ts')).addSolveCommand,
};

/**
 * Adds the command that is called, and no other: loading the code that trains takes longer than listing runs.
 * @param called the first argument; all commands are added if it names none, for the help and for suggestions
 */
export async function addCommands(program: Command, called: string | undefined): Promise<void> {
  const isCommand = called !== undefined && Object.hasOwn(commands, called);
  const wanted = isCommand ? [commands[called]!] : Object.values(commands);
  for (const load of wanted) (await load())(program);
}
