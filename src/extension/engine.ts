import type { Disposable } from 'vscode';
import { EngineClient } from '../engine/client.ts';
import type { StepDiagnostics, StepFacts } from '../engine/diagnoseStep.ts';

/** The engine worker: started when first asked, and started again after it died. */
export class Engine implements Disposable {
  #client: EngineClient | undefined;

  /** @throws RangeError if a step makes no sense; other errors if the worker died, and the next call starts another */
  async diagnose(steps: readonly StepFacts[]): Promise<StepDiagnostics[]> {
    this.#client ??= EngineClient.start();
    const client = this.#client;
    try {
      return await client.diagnose(steps);
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
