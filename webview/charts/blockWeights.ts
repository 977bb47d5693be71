import type { BlockWeights } from '../../src/extension/messages/weights.ts';
import type { Figure } from './figure.ts';
import { HeatMap } from './heatMap.ts';

/** Pixels for the axes, and for a row: all rows together are not higher than `ROWS` if they can be. */
const AXES = 44;
const ROW = { most: 24, least: 6 };
const ROWS = 560;

/** Weights of the groups in each parameter block, as a heat map blocks × groups, with what each block matters. */
export class BlockWeightsChart {
  readonly #map: HeatMap;
  readonly #plot: HTMLElement;

  constructor(figure: Figure) {
    this.#plot = figure.plot;
    this.#map = new HeatMap(figure, { quantity: 'weight', share: 'share of Σ‖gᵢ‖²', rowNames: 14 });
  }

  show(groupNames: readonly string[], { blocks }: BlockWeights): void {
    const row = Math.max(ROW.least, Math.min(ROW.most, ROWS / Math.max(1, blocks.length)));
    this.#plot.style.height = `${AXES + row * Math.max(4, blocks.length)}px`;
    this.#map.show({
      rows: blocks.map(({ name }) => name),
      columns: groupNames,
      values: blocks.map(({ weights }) => weights),
      shares: blocks.map(({ share }) => share),
    });
  }
}
