import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { getHFHubCachePath } from '@huggingface/hub';
import { hasCode } from '../../runs/errno.ts';

/** What the environment says of the hub, in the variables that all Hugging Face libraries read. */
export interface HubEnvironment {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Folder that Python's libraries share. */
  readonly cache: string;
  readonly token: string | undefined;
  /** Nothing may be asked of the network. */
  readonly offline: boolean;
}

/** HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN and its file, HF_HUB_OFFLINE, as they are now. */
export function hubEnvironment(): HubEnvironment {
  const { env } = process;
  const home = env.HF_HOME ?? path.join(env.XDG_CACHE_HOME ?? '~/.cache', 'huggingface');
  return {
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    cache: expanded(getHFHubCachePath()),
    token:
      (env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN)?.trim() ||
      savedToken(expanded(env.HF_TOKEN_PATH ?? path.join(home, 'token'))),
    offline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
  };
}

/** With the home folder in place of a `~` at its beginning. */
function expanded(file: string): string {
  return path.resolve(file.replace(/^~(?=$|[/\\])/, homedir()));
}

/** What `hf auth login` saved. */
function savedToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
