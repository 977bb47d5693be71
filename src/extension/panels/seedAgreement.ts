import { agreementIn } from '../../experiment/predictions/tableAgreement.ts';
import { byCreation, bySeed } from '../../runs/order.ts';
import { onSameExamples } from '../../runs/splits.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { SeedAgreement } from '../messages/seedVariance.ts';

/** How far the seeds of each method agree, computed again only when a run has finished. */
export class AgreementWatch {
  #key = '';
  #agreements: readonly SeedAgreement[] = [];

  /** @param runs of one experiment */
  async update(runs: readonly RunSummary[]): Promise<readonly SeedAgreement[]> {
    const finished = runs.filter(({ status }) => status === 'finished').sort(byCreation);
    const key = JSON.stringify(finished.map(({ folder, step }) => [folder, step]));
    if (key === this.#key) return this.#agreements;
    const methods = [...new Set(finished.map(({ manifest }) => manifest.aggregator))];
    const agreements: SeedAgreement[] = [];
    for (const aggregator of methods) {
      const own = onSameExamples(
        finished.filter(({ manifest }) => manifest.aggregator === aggregator),
      );
      const agreement = await agreementIn(own.sort(bySeed));
      if (agreement) agreements.push({ aggregator, ...agreement });
    }
    this.#key = key;
    this.#agreements = agreements;
    return agreements;
  }
}
