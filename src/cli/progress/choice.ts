import { Option } from 'commander';
import { ipcView, lineView } from './lines.ts';
import { TerminalView } from './terminal.ts';
import type { ProgressView } from './view.ts';

export interface ProgressOption {
  readonly progress?: 'ipc';
}

export function progressOption(): Option {
  return new Option(
    '--progress <channel>',
    "report what is being done to the parent process, over Node's IPC channel",
  ).choices(['ipc']);
}

export function viewFor({ progress }: ProgressOption): ProgressView {
  if (progress === 'ipc') return ipcView();
  // In some containers a terminal does not know its size: a line cannot be redrawn there.
  const { isTTY, columns } = process.stderr;
  return isTTY && columns > 0 ? new TerminalView() : lineView();
}
