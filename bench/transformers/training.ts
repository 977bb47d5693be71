/** Our side of bench/transformers.ts: the trainer, in its own process. */
import { createInterface } from 'node:readline';
import { type Device, openDevice } from '../../src/backends/device.ts';
import { resolvedAggregation } from '../../src/config/aggregation.ts';
import { type ParsedConfig, parseConfig } from '../../src/config/parse.ts';
import { DataReads } from '../../src/data/dataReads.ts';
import type { TextData } from '../../src/data/dataset.ts';
import { EngineClient } from '../../src/engine/client.ts';
import { openSession, type Session } from '../../src/training/session.ts';
import { tensorLearners } from '../../src/training/tensorLearner.ts';
import { buildTextObjective } from '../../src/training/text/buildObjective.ts';
import { openPretrained } from '../../src/training/text/pretrained.ts';
import { Trainer } from '../../src/training/trainer.ts';
import { ProductSizes } from './productSizes.ts';
import type { Answer, MadeTokens, Request, Setup } from './protocol.ts';
import { Timer } from './timer.ts';

const SEED = { init: 0, order: 0 };
const timer = new Timer();
const sizes = new ProductSizes();

async function open({ config, tokens }: Setup): Promise<Training> {
  const parsed = parseConfig(JSON.stringify(config), 'bench.json');
  const plain = tokens ? await madeSession(parsed, tokens) : await openSession(parsed, () => {});
  const session = watched(plain);
  const { aggregate, zeroGroups } = session.config;
  const aggregation = resolvedAggregation(aggregate[0]!, zeroGroups);
  return new Training(session, await Trainer.create(session, aggregation, SEED));
}

/** A session as `openSession` opens it, except for the data. */
async function madeSession(parsed: ParsedConfig, tokens: MadeTokens): Promise<Session> {
  const { config, folder } = parsed;
  const checkpoint = await openPretrained(parsed, () => {});
  const data = madeData(tokens);
  const device = await openDevice('wasm');
  return {
    config,
    folder,
    reads: new DataReads(),
    task: {
      data,
      warnings: [],
      // Never read: there are no manifests.
      files: { train: [], validation: [] },
      model: null,
      sources: {},
      learner: tensorLearners(device, (options) =>
        buildTextObjective({ config, pretrained: checkpoint, data, device }, options),
      ),
    },
    device,
    engine: EngineClient.start(),
  };
}

/** One batch. For generation, the answer is the whole text except its first token. */
function madeData({ batch, length, vocabulary }: MadeTokens): TextData {
  const examples = Array.from({ length: batch }, (_, example) => ({
    ids: Int32Array.from({ length }, (_, at) => ((example * length + at) * 7919 + 13) % vocabulary),
    typeIds: new Int32Array(length),
    answerAt: 1,
  }));
  const all = {
    count: batch,
    examples,
    targets: Int32Array.from(examples, (_, i) => i % 2),
    lengths: new Int32Array(batch).fill(length),
    questions: [],
  };
  const fingerprints = { train: '', validation: '' };
  return {
    train: all,
    validation: all,
    classes: ['0', '1'],
    column: null,
    fingerprints,
    notices: [],
  };
}

/** The same session with operations that are timed and recorded; its task has the device, which is changed in place. */
function watched(session: Session): Session {
  const device = session.device as Device;
  const { operations, stacked, adamw } = device;
  Object.assign(device, {
    operations: timer.watch(sizes.note(operations!), (name) => name),
    stacked: timer.watch(stacked!, (name) => `aggregation: ${name}`),
    adamw: (...args: Parameters<NonNullable<typeof adamw>>) =>
      timer.measure('adamw', () => adamw!(...args)),
  });
  return { ...session, engine: timer.watch(session.engine, (method) => `engine: ${method}`) };
}

class Training {
  readonly #session: Session;
  readonly #trainer: Trainer;
  #step = 0;

  constructor(session: Session, trainer: Trainer) {
    this.#session = session;
    this.#trainer = trainer;
  }

  async steps(count: number): Promise<Partial<Answer>> {
    const [seconds, losses]: [number[], number[]] = [[], []];
    let [aggregation, tensors] = [0, 0];
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) {
      const started = performance.now();
      const { facts } = await this.#trainer.step(++this.#step);
      seconds.push((performance.now() - started) / 1e3);
      losses.push(mean(facts.losses as number[], facts.sizes));
      aggregation += facts.ms.aggregate / 1e3;
      tensors = Math.max(tensors, facts.memory!.tensors! / 2 ** 20);
    }
    const { user, system } = process.cpuUsage(before);
    const whole = seconds.reduce((sum, one) => sum + one, 0);
    const cpu = (user + system) / 1e6;
    return { seconds, losses, cpu, aggregation: aggregation / whole, tensors };
  }

  async save(folder: string): Promise<Partial<Answer>> {
    return {
      saved: await this.#trainer.save(folder, { step: 0, bestMetric: null }, { best: false }),
    };
  }

  async products(): Promise<Partial<Answer>> {
    const { operations } = this.#session.device as Device;
    return { products: await sizes.of(() => this.steps(1), operations!) };
  }

  async profile(steps: number): Promise<Partial<Answer>> {
    return { profile: await timer.sharesOf(() => this.steps(steps)) };
  }
}

function mean(values: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.reduce((sum, value, i) => sum + (value * weights[i]!) / total, 0);
}

let training: Training | undefined;

async function respond(request: Request): Promise<Partial<Answer>> {
  if ('setup' in request) {
    training = await open(request.setup);
    return {};
  }
  if ('steps' in request) return training!.steps(request.steps);
  if ('save' in request) return training!.save(request.save);
  if ('products' in request) return training!.products();
  return training!.profile(request.profile);
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await respond(JSON.parse(line));
  const memory = process.resourceUsage().maxRSS / 1024;
  const none = { seconds: [], losses: [], cpu: 0 };
  process.stdout.write(`${JSON.stringify({ ...none, ...answer, memory } satisfies Answer)}\n`);
}
process.exit();
