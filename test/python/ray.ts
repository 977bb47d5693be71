/** A Ray cluster on this machine. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { hasPython, interpreter } from './python.ts';

export interface Cluster {
  readonly address: string;
  /** Kills a node, as a power cut does: that of a raylet, by its process id, or any. */
  kill(raylet?: number): Promise<void>;
  close(): Promise<void>;
}

export function hasRay(): boolean {
  if (!hasPython()) return false;
  try {
    execFileSync(interpreter(), ['-c', 'import ray'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A head, and nodes with a processor each. */
export async function startCluster(nodes: number): Promise<Cluster> {
  const script = path.join(import.meta.dirname, 'ray_cluster.py');
  const child = spawn(interpreter(), ['-W', 'ignore', script, String(nodes)], {
    // Ray would give way to everything else on the machine.
    env: { ...process.env, RAY_worker_niceness: '0' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const address: string = (await lines.next()).value ?? assert.fail('no cluster');
  return {
    address,
    async kill(raylet) {
      child.stdin.write(`${raylet ?? ''}\n`);
      assert.equal((await lines.next()).value, 'killed');
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
