/** What the tests of a file share: one window on a folder of its own, and what they do in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before } from 'node:test';
import type { Locator } from 'playwright-core';
import { type Options, VSCode } from './vscode.ts';

export class TestWindow {
  #workspace: string | undefined;
  #vscode: VSCode | undefined;

  /** Opened before the first test, closed after the last one; a test that fails leaves a screenshot. */
  static on(prepare: (workspace: string) => unknown, options: Options = {}): TestWindow {
    const window = new TestWindow();
    before(async () => {
      window.#workspace = await mkdtemp(path.join(tmpdir(), 'grain-window-'));
      await prepare(window.#workspace);
      window.#vscode = await VSCode.open(window.#workspace, options);
    });
    afterEach(async (t) => {
      if ('passed' in t && !t.passed) await window.#vscode?.screenshot(`failed: ${t.name}`);
    });
    after(async () => {
      await window.#vscode?.close();
      if (window.#workspace === undefined) return;
      await rm(window.#workspace, { recursive: true, force: true, maxRetries: 5 });
    });
    return window;
  }

  get workspace(): string {
    return this.#workspace!;
  }

  get vscode(): VSCode {
    return this.#vscode!;
  }

  /** A line of the run explorer. */
  row(text: string): Locator {
    return this.vscode.row(text);
  }

  /** Runs a command that asks for a line of text. */
  async answer(command: string, text: string): Promise<void> {
    await this.vscode.command(command);
    await this.type(text);
  }

  /** Answers the question that is open, or is about to be. */
  async type(text: string): Promise<void> {
    const input = this.vscode.page.locator('.quick-input-widget .quick-input-message');
    await input.waitFor();
    await this.vscode.page.locator('.quick-input-widget input').first().fill(text);
    await this.vscode.page.keyboard.press('Enter');
  }

  toast(text: string): Locator {
    return this.vscode.page.locator('.notification-toast', { hasText: text });
  }
}
