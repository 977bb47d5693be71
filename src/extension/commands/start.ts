import * as vscode from 'vscode';
import { createConfig } from '../configs/create.ts';
import { findConfigs, pickConfig } from '../configs/find.ts';
import type { Launcher } from '../launch/launcher.ts';

/** Run GRAIN fine-tune: of the given config, or of one of the workspace. */
export async function startRun(launcher: Launcher, given: unknown): Promise<void> {
  if (given instanceof vscode.Uri) return launcher.run(given);
  const configs = await findConfigs();
  if (configs.length === 0) return offerTemplate();
  const config = await pickConfig(configs);
  if (config) await launcher.run(config);
}

async function offerTemplate(): Promise<void> {
  const create = 'Create one';
  const answer = await vscode.window.showInformationMessage(
    'No config yet: a grain.yaml says what to fine-tune.',
    create,
  );
  if (answer === create) await createConfig();
}
