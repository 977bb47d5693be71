/** Paths that a config names. */
import { globSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { hasCode, reasonOf } from './errors.ts';
import { foreignByContent, readHead } from './fileKinds.ts';

/** The absolute path that is meant; `~` is the home folder. @param baseFolder relative paths begin here */
export function userPath(named: string, baseFolder: string): string {
  return path.resolve(baseFolder, fromHome(named));
}

function fromHome(named: string): string {
  return named.replace(/^~(?=\/|$)/, homedir());
}

/** Whether the name stands for all files that match it: it has an asterisk or the like, and no file is called so. */
export function isPattern(named: string, baseFolder: string): boolean {
  if (!/[*?[\]{}]/.test(named)) return false;
  return !statSync(userPath(named, baseFolder), { throwIfNoEntry: false });
}

/** The absolute paths that are meant: one, or those of the files that match a pattern, by their names. */
export function userPaths(named: string, baseFolder: string): string[] {
  if (!isPattern(named, baseFolder)) return [userPath(named, baseFolder)];
  const found = globSync(fromHome(named), { cwd: baseFolder });
  const paths = found.map((file) => path.resolve(baseFolder, file));
  return paths.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile()).sort();
}

/** What is wrong with a path, and what to do if that is not obvious. */
export interface PathComplaint {
  readonly message: string;
  readonly advice?: string;
}

/** What keeps a path, or a file that matches a pattern, from being read as a data file; null if nothing does. */
export function fileComplaint(named: string, baseFolder: string): PathComplaint | null {
  if (!isPattern(named, baseFolder)) return complaintAbout(named, baseFolder);
  // Whoever opens a config of someone else's must not search the whole disk.
  if (named.includes('**')) {
    return {
      message: `${named} searches whole folders`,
      advice: 'Write each folder out, or * for one',
    };
  }
  const files = userPaths(named, baseFolder);
  if (files.length === 0)
    return { message: `file not found: nothing matches ${named}`, ...adviceFor(named) };
  for (const file of files) {
    const complaint = complaintAbout(path.relative(baseFolder, file), baseFolder);
    if (complaint) return complaint;
  }
  return null;
}

/** What keeps one path from being read as a data file; null if nothing does. */
export function complaintAbout(named: string, baseFolder: string): PathComplaint | null {
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
  return {};
}

function missing(named: string, file: string): string {
  const link = lstatSync(file, { throwIfNoEntry: false });
  return link?.isSymbolicLink()
    ? `${named} is a symbolic link to ${readlinkSync(file)}, which does not exist`
    : `file not found: ${named}`;
}
