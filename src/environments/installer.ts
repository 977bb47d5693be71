/** Runs an installer: pip, uv, venv or tar. */
import { runProgram } from './program.ts';
import { causeOf, SetupError } from './setupFailure.ts';

export interface SetupOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Of grain_torch; absent: the one that GRAIN carries. */
  readonly wheel?: string;
  /** Called with each line that the installer prints. */
  readonly onLine?: (line: string) => void;
}

/** What uv takes where a user's pip has an index of its own. */
const UV_INDEX = 'UV_DEFAULT_INDEX';

/** @throws SetupError if it fails */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env = process.env, signal, onLine }: SetupOptions & { readonly cwd?: string },
): Promise<void> {
  const index = env.PIP_INDEX_URL;
  const ended = await runProgram(command, args, {
    env: {
      ...env,
      // Its messages are recognized in English.
      LC_ALL: 'C.UTF-8',
      PYTHONUNBUFFERED: '1',
      ...(index && !env[UV_INDEX] && { [UV_INDEX]: index }),
    },
    ...(cwd !== undefined && { cwd }),
    ...(signal && { signal }),
    ...(onLine && { onLine }),
  });
  if (ended.status !== 0) throw new SetupError(causeOf(ended), ended.last);
}
