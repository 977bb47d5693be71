import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { HUB_ID } from './hubId.ts';

/** Where a saved model is: in a folder, or in a repository of the Hugging Face hub. */
export type ModelOrigin =
  | { readonly kind: 'folder'; readonly folder: string }
  /** `owner/name`, optionally `@revision`. */
  | { readonly kind: 'hub'; readonly id: string };

/** What to do with an adapter, which is no model to start from. */
export const MERGE =
  'put it on its checkpoint first, in Python by peft’s merge_and_unload, and save that';

/**
 * What `model.from` stands for. A path that is there, or begins with `.`, `/` or `~`, is a folder; anything else of the form
 * `owner/name` is on the hub.
 * @param baseFolder paths in the config are relative to it
 */
export function modelOrigin(from: string, baseFolder: string): ModelOrigin {
  const folder = modelFolder(from, baseFolder);
  const isOnHub = HUB_ID.test(from) && !existsSync(folder);
  return isOnHub ? { kind: 'hub', id: from } : { kind: 'folder', folder };
}

/** The folder that a path means; `~` is the home folder. */
export function modelFolder(from: string, baseFolder: string): string {
  return path.resolve(baseFolder, from.replace(/^~(?=\/|$)/, homedir()));
}
