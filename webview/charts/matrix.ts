import type { CosineMatrix } from '../../src/extension/messages/conflict.ts';
import type { Figure } from './figure.ts';
import { HeatMap } from './heatMap.ts';

/** Cosines between groups, as a k×k heat map. */
export class CosineChart {
  readonly #map: HeatMap;

  constructor(figure: Figure) {
    this.#map = new HeatMap(figure, { quantity: 'cosine' });
  }

  show(now: Pick<CosineMatrix, 'groupNames' | 'cosines'> | null): void {
    const { groupNames = [], cosines = [] } = now ?? {};
    this.#map.show({ rows: groupNames, columns: groupNames, values: cosines });
  }
}
