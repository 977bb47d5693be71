/**
 * Preloaded into a process (`node --import`): from its n-th write or read of a file on, every one fails, as on a full or failing
 * disk. `GRAIN_FAULT` is the error code and n, for instance "ENOSPC 40".
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [code = '', first = ''] = (process.env.GRAIN_FAULT ?? '').split(' ');
let calls = 0;

function failure(): Error | null {
  calls++;
  if (calls < Number(first)) return null;
  return Object.assign(new Error(`${code}: injected`), { code, syscall: 'write' });
}

type AnyFunction = (this: unknown, ...args: never[]) => unknown;

/** Makes functions of an object throw or reject once it is time. */
function inject(object: object, names: readonly string[], isAsync: boolean): void {
  const functions = object as Record<string, AnyFunction>;
  for (const name of names) {
    const original = functions[name]!;
    functions[name] = function (this: unknown, ...args: never[]) {
      // What is printed is no file of a run.
      const error = args[0] === (1 as never) || args[0] === (2 as never) ? null : failure();
      if (error === null) return original.apply(this, args);
      if (isAsync) return Promise.reject(error);
      const callback: unknown = args.at(-1);
      if (typeof callback !== 'function') throw error;
      process.nextTick(callback as (error: Error) => void, error);
      return undefined;
    };
  }
}

const handle = await fs.promises.open(process.execPath);
const ofHandle = Object.getPrototypeOf(handle) as object;
await handle.close();
if (code === 'EIO') inject(ofHandle, ['read', 'readFile'], true);
inject(ofHandle, ['write', 'writeFile', 'sync'], true);
inject(fs.promises, ['writeFile', 'mkdir', 'rename'], true);
inject(fs, ['writeSync', 'writeFileSync', 'appendFileSync', 'write', 'ftruncateSync'], false);
syncBuiltinESMExports();
