/** An extension that starts others, in the order that its window's folder says, and writes what each cost the process that all of them share. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';

/** Until VS Code has started what it starts by itself, and between two extensions. */
const SETTLE_MS = 5_000;
const PAUSE_MS = 1_000;

/** Milliseconds of time, and of all cores. */
export interface Cost {
  readonly time: number;
  readonly cpu: number;
}

/** An extension to start. */
export interface Started {
  readonly id: string;
  /** Its command that waits for all that it loads by itself afterwards. */
  readonly command?: string;
}

export interface Measured {
  readonly id: string;
  readonly activation: Cost;
  /** From then on until its command has ended. */
  readonly loaded?: Cost;
}

export function activate(): void {
  void measure();
}

async function measure(): Promise<void> {
  const folder = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
  const order: Started[] = JSON.parse(await readFile(path.join(folder, 'order.json'), 'utf8'));
  await sleep(SETTLE_MS);
  const measured: Measured[] = [];
  for (const { id, command } of order) {
    const extension = vscode.extensions.getExtension(id);
    if (!extension || extension.isActive) throw new Error(`${id} cannot be started`);
    const activation = await costOf(() => extension.activate());
    const loaded = command && (await costOf(() => vscode.commands.executeCommand(command)));
    measured.push({ id, activation, ...(loaded && { loaded }) });
    await sleep(PAUSE_MS);
  }
  await writeFile(path.join(folder, 'measured.json'), JSON.stringify(measured));
}

async function costOf(work: () => Thenable<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const time = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { time, cpu: (user + system) / 1000 };
}
