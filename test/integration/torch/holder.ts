/** A process that has a child of device torch and asks it something again and again: prints `started`, and then `answered` each time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TorchProcess } from '../../../src/backends/torch/torchProcess.ts';

const { process: child } = await TorchProcess.start(process.env.GRAIN_PYTHON!);
process.stdout.write('started\n');
for (;;) {
  // Needs no model.
  await child.call('discard', {});
  process.stdout.write('answered\n');
  await sleep(100);
}
