import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repeatableFacts } from '../../src/runs/events.ts';
import { readEvents } from '../../src/runs/tail.ts';

/** All of a run's result that is the same to the bit however often the run was interrupted. */
export async function outcomeOf(folder: string) {
  const events = await readEvents(folder);
  return {
    steps: events.filter((event) => event.kind === 'step').map(repeatableFacts),
    weights: weightsOf(folder),
    predictions: readFileSync(path.join(folder, 'predictions.jsonl'), 'utf8'),
  };
}

function weightsOf(folder: string): Buffer {
  const checkpoints = path.join(folder, 'checkpoints');
  const { last } = JSON.parse(readFileSync(path.join(checkpoints, 'index.json'), 'utf8'));
  return readFileSync(path.join(checkpoints, last, 'weights.bin'));
}
