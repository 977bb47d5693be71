import type { Disposable } from 'vscode';
import { EngineClient } from '../engine/client.ts';
import type { StepDiagnostics, StepFacts } from '../engine/diagnoseStep.ts';

/** The engine worker: started on first use, and restarted after it died. */
export class Engine implements Disposable {
  #client: EngineClient | undefined;

  /** @throws RangeError for an invalid step; other errors if the worker died: the next call starts another */
  async diagnose(steps: readonly StepFacts[]): Promise<readonly StepDiagnostics[]> {
    this.#client ??= EngineClient.start();
    const client = this.#client;
    try {
      return await client.diagnose(steps);
    } catch (error) {
      if (!(error instanceof RangeError) && this.#client === client) this.dispose();
      throw error;
    }
  }

  dispose(): void {
    void this.#client?.close();
    this.#client = undefined;
  }
}
