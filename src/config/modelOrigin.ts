import { existsSync } from 'node:fs';
import { userPath } from './userPath.ts';

/** `owner/name`, optionally `@revision`: the id of a repository on the Hugging Face Hub. */
export const HUB_ID = /^\w[\w.-]*\/\w[\w.-]*(@[\w./-]+)?$/;

/** Well-known models whose id once had no owner, by the owner they have now. */
const renamed: Readonly<Record<string, readonly string[]>> = {
  'google-bert': [
    'bert-base-uncased',
    'bert-base-cased',
    'bert-large-uncased',
    'bert-large-cased',
    'bert-base-multilingual-uncased',
    'bert-base-multilingual-cased',
  ],
  FacebookAI: ['roberta-base', 'roberta-large', 'xlm-roberta-base', 'xlm-roberta-large'],
  distilbert: [
    'distilbert-base-uncased',
    'distilbert-base-cased',
    'distilbert-base-multilingual-cased',
    'distilroberta-base',
    'distilgpt2',
  ],
  'openai-community': ['gpt2', 'gpt2-medium', 'gpt2-large', 'gpt2-xl'],
  almanach: ['camembert-base'],
};

/** `owner/name` of a model that is often named without its owner. */
export function withOwner(name: string): string | undefined {
  const owner = Object.keys(renamed).find((owner) => renamed[owner]!.includes(name));
  return owner && `${owner}/${name}`;
}

/** Where a saved model is: in a folder, or in a repository of the Hugging Face Hub. */
export type ModelOrigin =
  | { readonly kind: 'folder'; readonly folder: string }
  /** `owner/name`, optionally `@revision`. */
  | { readonly kind: 'hub'; readonly id: string };

/** How to make a model to start from out of an adapter. */
export const MERGE =
  'merge it into its base model in Python, with merge_and_unload of peft, and save that';

/**
 * What `model.from` stands for. A path that exists, or begins with `.`, `/` or `~`, is a folder; anything else of the form
 * `owner/name` is on the Hub.
 * @param baseFolder paths in the config are relative to it
 */
export function modelOrigin(from: string, baseFolder: string): ModelOrigin {
  const folder = userPath(from, baseFolder);
  const isOnHub = HUB_ID.test(from) && !existsSync(folder);
  return isOnHub ? { kind: 'hub', id: from } : { kind: 'folder', folder };
}
