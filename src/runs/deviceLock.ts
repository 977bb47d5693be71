/** One experiment at a time on a GPU of this machine, whoever starts them. Processes of one experiment share it. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasLiveOwner, OwnedError, type Ownership, takeOwnership } from './owner.ts';

const TURN_MS = 100;
const WAIT_MS = 2_000;

/** A process and those that it starts are of one group, which shares the device. */
const GROUP = 'GRAIN_DEVICE_GROUP';

/**
 * Waits until no other group of processes trains on a device. Those that died or released it do not count.
 *
 * @param device name of the device on this machine, as `gpu-0`
 * @param onWaiting called once, with the id of a process that has the device
 * @param folder of all locks
 * @returns a function that releases it
 */
export async function lockDevice(
  device: string,
  onWaiting: (pid: string) => void,
  folder = path.join(tmpdir(), 'grain-devices'),
): Promise<() => void> {
  process.env[GROUP] ??= randomUUID();
  const group = process.env[GROUP];
  const lock = path.join(folder, device);
  const holders = path.join(lock, 'holders');
  for (const made of [folder, lock, holders, path.join(lock, 'turn')]) makeShared(made);
  for (let isWaiting = false; ; await sleep(WAIT_MS)) {
    const turn = await takeTurn(path.join(lock, 'turn'));
    try {
      const other = livingIn(holders).find((name) => !name.startsWith(`${group} `));
      if (other === undefined) return await hold(path.join(holders, `${group} ${process.pid}`));
      if (!isWaiting) onWaiting(other.split(' ')[1]!);
      isWaiting = true;
    } finally {
      turn.release();
    }
  }
}

/** Several sessions of one process hold a device once. */
const held = new Map<string, { count: number; readonly ownership: Ownership }>();

async function hold(folder: string): Promise<() => void> {
  const known = held.get(folder);
  if (known) known.count++;
  else {
    mkdirSync(folder, { recursive: true });
    held.set(folder, { count: 1, ownership: await takeOwnership(folder) });
  }
  return () => {
    const mine = held.get(folder);
    if (!mine || --mine.count > 0) return;
    held.delete(folder);
    mine.ownership.release();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Only one process at a time looks who has a device, and takes it. */
async function takeTurn(folder: string): Promise<Ownership> {
  for (;;) {
    try {
      return await takeOwnership(folder);
    } catch (error) {
      if (!(error instanceof OwnedError)) throw error;
      await sleep(TURN_MS);
    }
  }
}

/** Holders whose processes live; what others left is removed. */
function livingIn(holders: string): string[] {
  return readdirSync(holders).filter((name) => {
    const folder = path.join(holders, name);
    if (hasLiveOwner(folder)) return true;
    rmSync(folder, { recursive: true, force: true });
    return false;
  });
}

/** Other users of the machine write there, too. */
function makeShared(folder: string): void {
  if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o777);
}
