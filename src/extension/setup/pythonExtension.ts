/** Interpreters that the Python extension knows, where it is installed. */
import * as vscode from 'vscode';
import * as z from 'zod';

const PYTHON_EXTENSION = 'ms-python.python';

/** Paths of an interpreter, or of an environment's folder. */
const located = z.object({ path: z.string() });
/** The part of its API used here; getActiveEnvironmentPath needs its `this`. */
const apiSchema = z.object({
  environments: z.custom<{
    readonly known: unknown;
    getActiveEnvironmentPath(folder?: vscode.Uri): unknown;
  }>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      'known' in value &&
      'getActiveEnvironmentPath' in value &&
      typeof value.getActiveEnvironmentPath === 'function',
  ),
});

/** The chosen one first; none where the extension is missing, fails, or has another API. */
export async function knownToPython(): Promise<string[]> {
  const extension = vscode.extensions.getExtension<unknown>(PYTHON_EXTENSION);
  if (!extension) return [];
  try {
    const { environments } = apiSchema.parse(await extension.activate());
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const active = located.safeParse(environments.getActiveEnvironmentPath(folder)).data;
    const known = z.array(located).safeParse(environments.known).data ?? [];
    return [...(active ? [active] : []), ...known].map(({ path }) => path);
  } catch {
    return [];
  }
}
