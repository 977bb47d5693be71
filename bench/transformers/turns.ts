import { fileURLToPath } from 'node:url';
import { max, median, min } from 'simple-statistics';
import { Peer } from '../peers/process.ts';
import type { Answer, Setup } from './protocol.ts';

/** The trainer, in its own process, on the first `cores` cores or on all. */
export async function startTraining(setup: Setup, cores?: number): Promise<Peer<Answer>> {
  const file = fileURLToPath(new URL('training.ts', import.meta.url));
  const training = [process.execPath, '--disable-warning=ExperimentalWarning', file] as const;
  const peer = new Peer<Answer>(
    cores === undefined ? training : ['taskset', '--cpu-list', `0-${cores - 1}`, ...training],
  );
  await peer.ask({ setup });
  return peer;
}

export interface Turns {
  readonly rounds: number;
  /** Steps of a turn. */
  readonly steps: number;
  /** Steps before the first turn. */
  readonly warmUp?: number;
}

/** What one side did, turn by turn. */
export interface Side {
  readonly turns: readonly Answer[];
  /** Before the first turn. */
  readonly warmUp: Answer;
}

/**
 * Lets the sides take turns, so that other work of the machine affects all of them.
 *
 * @param onTurn called after each turn
 * @param afterRound awaited after each round
 */
export async function takeTurns(
  peers: readonly Peer<Answer>[],
  { rounds, steps, warmUp = 2 }: Turns,
  onTurn: (side: number, answer: Answer) => void,
  afterRound: () => Promise<unknown> = async () => {},
): Promise<Side[]> {
  const sides: { turns: Answer[]; warmUp: Answer }[] = [];
  for (const peer of peers) sides.push({ turns: [], warmUp: await peer.ask({ steps: warmUp }) });
  for (let round = 0; round < rounds; round++) {
    for (const [i, peer] of peers.entries()) {
      const answer = await peer.ask({ steps });
      sides[i]!.turns.push(answer);
      onTurn(i, answer);
    }
    await afterRound();
  }
  return sides;
}

export const wall = ({ seconds }: Answer) => seconds.reduce((sum, one) => sum + one, 0);
export const processor = ({ cpu }: Answer) => cpu;

/** Median, minimum and maximum over the rounds of the ratio to another side in the same round. */
export function ratio(side: Side, base: Side, of: (turn: Answer) => number): string {
  return spread(
    side.turns.map((turn, round) => of(turn) / of(base.turns[round]!)),
    (value) => value.toFixed(2),
  );
}

export function spread(values: readonly number[], format: (value: number) => string): string {
  const all = [...values];
  return `${format(median(all))} (${format(min(all))}–${format(max(all))})`;
}

/** Ratio of the peak memory of tensors. */
export function tensorsRatio(side: Side, base: Side): string {
  const most = ({ turns }: Side) => max(turns.map(({ tensors = 0 }) => tensors));
  return `${(most(side) / most(base)).toFixed(2)} (${most(side).toFixed(0)} MiB)`;
}

export function memoryOf({ turns }: Side): number {
  return turns.at(-1)!.memory;
}

export function memoryRatio(side: Side, base: Side): string {
  return `${(memoryOf(side) / memoryOf(base)).toFixed(2)} (${memoryOf(side).toFixed(0)} MiB)`;
}

/** Prints the cost of a turn. */
export function reporter(titles: readonly string[]): (side: number, answer: Answer) => void {
  return (side, answer) => {
    const step = (of: (turn: Answer) => number) =>
      (of(answer) / answer.seconds.length).toFixed(2).padStart(7);
    const memory = answer.memory.toFixed(0).padStart(6);
    console.log(
      `  ${titles[side]!.padEnd(44)}${step(wall)} s a step ${step(processor)} s processor ${memory} MiB`,
    );
  };
}
