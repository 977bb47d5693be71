import type { Disposable } from 'vscode';
import { EngineClient } from '../engine/client.ts';
import type { DiagnoseProblem } from '../engine/protocol.ts';
import type { Diagnostics } from '../engine/types.ts';

/** The engine worker: started when first asked, and started again after it died. */
export class Engine implements Disposable {
  #client: EngineClient | undefined;

  /** @throws RangeError if a problem makes no sense; other errors if the worker died, and the next call starts another */
  async diagnose(problems: readonly DiagnoseProblem[]): Promise<Diagnostics[]> {
    this.#client ??= EngineClient.start();
    const client = this.#client;
    try {
      return await client.diagnose(problems);
    } catch (error) {
      const answered = error instanceof Error && error.name === 'RangeError';
      if (!answered && this.#client === client) this.dispose();
      throw error;
    }
  }

  dispose(): void {
    void this.#client?.close();
    this.#client = undefined;
  }
}
