import { Option } from 'commander';

/** Of commands that look at runs. */
export function rootOption(): Option {
  return new Option(
    '--root <folder>',
    'folder that holds .grain (default: the nearest one, from here upwards)',
  );
}
