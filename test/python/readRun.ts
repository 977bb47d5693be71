/** Reads a run's folder as the extension does, and prints what it found as JSON. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import { parseEvent, type StepEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { RunStore } from '../../src/runs/store.ts';

const folder = process.argv[2]!;
const lines = readFileSync(runFile(folder, 'events'), 'utf8').trimEnd().split('\n');
const events = lines.map(parseEvent);
const steps = events.filter(
  (event): event is StepEvent => typeof event === 'object' && event.kind === 'step',
);
const [run] = await new RunStore(path.resolve(folder, '../../..')).list();
console.log(
  JSON.stringify({
    unread: lines.filter((_, i) => typeof events[i] === 'string'),
    status: run?.status,
    names: run?.manifest.groups.names,
    step: run?.step,
    metric: run?.lastMetric,
    certified: steps.map((step) => diagnoseStep(factsOf(step)).certified),
  }),
);
