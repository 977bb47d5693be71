/**
 * Preloaded into a process (`node --import`): it suspends itself (SIGSTOP) right before its n-th change to checkpoints takes
 * effect, after every check. `GRAIN_SUSPEND` is n.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { CHANGES } from '../../src/runs/fence.ts';

const { rename } = fs.promises;
let changes = 0;

fs.promises.rename = (from, to) => {
  if (`${from} ${to}`.includes(CHANGES) && ++changes === Number(process.env.GRAIN_SUSPEND)) {
    process.kill(process.pid, 'SIGSTOP');
  }
  return rename(from, to);
};
syncBuiltinESMExports();
