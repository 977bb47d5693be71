import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { getRepoFolderName } from '@huggingface/hub';
import writeFileAtomic from 'write-file-atomic';
import { hasCode } from '../../config/errors.ts';
import { HUB_ID } from '../../config/modelOrigin.ts';
import { DownloadError } from './downloadError.ts';

const COMMIT = /^[0-9a-f]{40}$/;

export type RepositoryKind = 'model' | 'dataset';

/**
 * A repository in the cache that all Hugging Face libraries share: files by their hash in `blobs/`, the commits of branches and
 * tags in `refs/`, and links to blobs in `snapshots/<commit>/`.
 */
export class CachedRepository {
  readonly kind: RepositoryKind;
  /** `owner/name`. */
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  readonly #folder: string;

  /** @throws DownloadError for an invalid id */
  constructor(id: string, kind: RepositoryKind, cache: string) {
    // Parts of the id become parts of paths.
    if (!HUB_ID.test(id) || id.includes('..')) {
      throw new DownloadError(
        'missing',
        `"${id}" is not a valid id of the Hugging Face Hub. Expected owner/name or owner/name@revision`,
      );
    }
    const [name = '', revision = 'main'] = id.split('@');
    this.kind = kind;
    this.name = name;
    this.revision = revision;
    this.#folder = path.join(cache, getRepoFolderName({ type: kind, name }));
  }

  get revisionIsCommit(): boolean {
    return COMMIT.test(this.revision);
  }

  /** The commit that the revision referred to when it was last resolved; undefined if it never was. */
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

  /** Folder of the lock that lets one process at a time download a blob. */
  lockFolder(hash: string): string {
    return path.join(
      path.dirname(this.#folder),
      '.locks',
      path.basename(this.#folder),
      `${hash}.grain`,
    );
  }

  /** Adds a blob to a snapshot under the file's name: as a relative link, or as a copy where links are not allowed (Windows). */
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
