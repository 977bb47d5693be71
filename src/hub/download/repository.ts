import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { getRepoFolderName } from '@huggingface/hub';
import writeFileAtomic from 'write-file-atomic';
import { hasCode } from '../../runs/errno.ts';
import { DownloadError } from './downloadError.ts';

const COMMIT = /^[0-9a-f]{40}$/;
const ID = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/;

export type RepositoryKind = 'model' | 'dataset';

/** Whether it has the form of a hub id, `owner/name` or `owner/name@revision`. */
function isHubId(id: string): boolean {
  return ID.test(id) && !id.includes('..');
}

/**
 * A repository in the cache that all Hugging Face libraries share: `blobs/` by hash, `refs/` from branches and tags to
 * commits, and `snapshots/<commit>/` of links to blobs.
 */
export class CachedRepository {
  readonly kind: RepositoryKind;
  /** `owner/name`. */
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  readonly #folder: string;

  /** @throws DownloadError for what is no hub id */
  constructor(id: string, kind: RepositoryKind, cache: string) {
    const [, name, revision = 'main'] = ID.exec(id) ?? [];
    if (name === undefined || !isHubId(id)) {
      throw new DownloadError(
        'missing',
        `"${id}" is no id of the Hugging Face hub, which looks like owner/name or owner/name@revision`,
      );
    }
    this.kind = kind;
    this.name = name;
    this.revision = revision;
    this.#folder = path.join(cache, getRepoFolderName({ type: kind, name }));
  }

  get revisionIsCommit(): boolean {
    return COMMIT.test(this.revision);
  }

  /** The commit that the revision was when it was last asked for; undefined if it never was. */
  get cachedCommit(): string | undefined {
    if (this.revisionIsCommit) return this.revision;
    try {
      const commit = readFileSync(this.#refFile, 'utf8').trim();
      return COMMIT.test(commit) ? commit : undefined;
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  async rememberCommit(commit: string): Promise<void> {
    if (this.revisionIsCommit || this.cachedCommit === commit) return;
    await mkdir(path.dirname(this.#refFile), { recursive: true });
    await writeFileAtomic(this.#refFile, commit);
  }

  snapshot(commit: string): string {
    return path.join(this.#folder, 'snapshots', commit);
  }

  blob(hash: string): string {
    return path.join(this.#folder, 'blobs', hash);
  }

  /** A folder that says which process downloads a blob. */
  claim(hash: string): string {
    return path.join(
      path.dirname(this.#folder),
      '.locks',
      path.basename(this.#folder),
      `${hash}.grain`,
    );
  }

  /** Gives a blob its name in a snapshot: by a relative link, or by a copy where links are not allowed (Windows). */
  async link(hash: string, commit: string, file: string): Promise<void> {
    const pointer = path.join(this.snapshot(commit), file);
    if (existsSync(pointer)) return;
    await mkdir(path.dirname(pointer), { recursive: true });
    const blob = this.blob(hash);
    try {
      await symlink(path.relative(path.dirname(pointer), blob), pointer);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return;
      if (!hasCode(error, 'EPERM')) throw error;
      await copyFile(blob, pointer);
    }
  }

  get #refFile(): string {
    return path.join(this.#folder, 'refs', this.revision);
  }
}
