import type * as vscode from 'vscode';

/** Owns what it registers, and disposes it in reverse order. */
export abstract class Disposable implements vscode.Disposable {
  readonly #owned: vscode.Disposable[] = [];

  protected register<T extends vscode.Disposable>(disposable: T): T {
    this.#owned.push(disposable);
    return disposable;
  }

  dispose(): void {
    for (const disposable of this.#owned.splice(0).reverse()) disposable.dispose();
  }
}
