import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CHANGES } from '../runs/fence.ts';

/**
 * Changes to the checkpoints of a run, prepared in a folder of their own. Each takes effect by a move from or to that folder. A
 * process that takes over the run moves the folder away (`fenceOff`), so that no change succeeds after that, whenever its owner was
 * suspended.
 */
export class FencedChanges {
  readonly #target: string;
  readonly #folder: string;

  private constructor(target: string) {
    this.#target = target;
    this.#folder = path.join(target, CHANGES + randomUUID());
  }

  /**
   * Makes changes, and deletes what was prepared and not published.
   * @param target folder with the checkpoints; created if it does not exist
   * @param assertHeld throws if the run belongs to another process, which then explains why a change failed
   */
  static async make<T>(
    target: string,
    assertHeld: () => void,
    change: (changes: FencedChanges) => Promise<T>,
  ): Promise<T> {
    const changes = new FencedChanges(target);
    await mkdir(target, { recursive: true });
    await mkdir(changes.#folder);
    try {
      // Whoever takes over after this check finds the folder.
      assertHeld();
      return await change(changes);
    } catch (error) {
      assertHeld();
      throw error;
    } finally {
      await rm(changes.#folder, { recursive: true, force: true });
    }
  }

  /** Where the files of a change are prepared. */
  pathOf(name: string): string {
    return path.join(this.#folder, name);
  }

  /** Puts a prepared folder in its place, and deletes one that has the name. */
  async publish(name: string): Promise<void> {
    await this.delete([name]);
    await rename(this.pathOf(name), path.join(this.#target, name));
  }

  /** Writes a file as a whole or not at all. */
  async write(name: string, content: string): Promise<void> {
    await writeFile(this.pathOf(name), content, { flush: true });
    await rename(this.pathOf(name), path.join(this.#target, name));
  }

  /** Deletes those that exist. */
  async delete(names: readonly string[]): Promise<void> {
    const present = new Set(await readdir(this.#target));
    for (const name of names.filter((it) => present.has(it))) {
      const deleted = this.pathOf(`deleted-${randomUUID()}`);
      await rename(path.join(this.#target, name), deleted);
      await rm(deleted, { recursive: true, force: true });
    }
  }

  /** Deletes what processes that were killed have prepared. */
  async deleteLeftovers(): Promise<void> {
    const own = path.basename(this.#folder);
    const names = await readdir(this.#target);
    await this.delete(names.filter((name) => name.startsWith(CHANGES) && name !== own));
  }
}
