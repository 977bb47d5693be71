import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A small classification problem on disk: points on two rings, and a config that trains on them. */
export function writeRings(folder: string, config: Readonly<Record<string, string>> = {}): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'rings.csv'), ringsOf(120));
  const settings = {
    name: 'rings',
    model: '{ hidden: [16] }',
    data: '{ train: rings.csv, validation: rings.csv, target: ring }',
    groups: '{ by: microbatch, count: 4 }',
    aggregate: '[grain, mean]',
    seeds: '[0]',
    device: 'cpu',
    ...config,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${value}\n`);
  writeFileSync(path.join(folder, 'grain.yaml'), lines.join(''));
}

/** A CSV: points at golden-angle steps, the inner and the outer ring in turn. */
export function ringsOf(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const radius = (i % 2 === 0 ? 1 : 2) + 0.3 * Math.sin(7 * i);
    const [x, y] = [radius * Math.cos(i * 2.399963), radius * Math.sin(i * 2.399963)];
    return `${x.toFixed(6)},${y.toFixed(6)},${i % 2 === 0 ? 'inner' : 'outer'}\n`;
  });
  return `x,y,ring\n${rows.join('')}`;
}
