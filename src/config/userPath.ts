/** Paths that a config names. */
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { hasCode, reasonOf } from './errors.ts';
import { foreignByContent, readHead } from './fileKinds.ts';

/** The absolute path that is meant; `~` is the home folder. @param baseFolder relative paths begin here */
export function userPath(named: string, baseFolder: string): string {
  return path.resolve(baseFolder, named.replace(/^~(?=\/|$)/, homedir()));
}

/** What is wrong with a path, and what to do if that is not obvious. */
export interface PathComplaint {
  readonly message: string;
  readonly advice?: string;
}

/** What keeps a path from being read as a data file; null if nothing does. */
export function fileComplaint(named: string, baseFolder: string): PathComplaint | null {
  const file = userPath(named, baseFolder);
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) return { message: missing(named, file), ...adviceFor(named) };
    if (found.isDirectory()) return { message: `${named} is a folder, not a file` };
    if (!found.isFile()) return { message: `${named} is a device or a pipe, not a file` };
    const foreign = foreignByContent(named, readHead(file));
    return foreign && { message: `${named} is ${foreign.name}`, advice: foreign.advice };
  } catch (error) {
    if (hasCode(error, 'ENOTDIR')) {
      return { message: `file not found: ${named}`, ...adviceFor(named) };
    }
    return { message: `${named} cannot be read: ${reasonOf(error)}` };
  }
}

/** What is written as if something would read it as more than a path. */
function adviceFor(named: string): Pick<PathComplaint, 'advice'> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(named)) {
    const isFile = named.startsWith('file:');
    return {
      advice: isFile
        ? 'Write the path without file://'
        : 'Addresses are not read: download the file',
    };
  }
  if (/\$\w|\$\{|%\w+%/.test(named))
    return { advice: 'Variables are not replaced: write the path out' };
  if (path.sep === '/' && named.includes('\\')) return { advice: 'Separate folders by /' };
  return /[*?]/.test(named) ? { advice: 'Patterns are not read: name one file' } : {};
}

function missing(named: string, file: string): string {
  const link = lstatSync(file, { throwIfNoEntry: false });
  return link?.isSymbolicLink()
    ? `${named} is a symbolic link to ${readlinkSync(file)}, which does not exist`
    : `file not found: ${named}`;
}
