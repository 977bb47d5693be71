/** Keeps the docs true to the tree: paths, links and npm scripts that they name exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = globSync(['*.md', 'docs/*.md', 'bench/*.md'], { cwd: root });

/** A path from the root, in prose, in code or in the node of a diagram. */
const PATH =
  /(?<![\w./-])(?:src|webview|test|docs|bench|examples|media|scripts|python)\/[\w./-]*\w/g;
/** Made by the tests. */
const generated = new Set(['test/e2e/screenshots']);

const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

const read = (page: string) => readFileSync(path.join(root, page), 'utf8');

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

for (const page of pages) {
  test(`${page} names paths that exist`, () => {
    const named = [...new Set(read(page).match(PATH))].filter((name) => !generated.has(name));
    const missing = named.filter((name) => !existsSync(path.join(root, name)));
    assert.deepEqual(missing, []);
  });

  test(`links in ${page} lead to files and headings that exist`, () => {
    const targets = [...read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, to]) => to!);
    const broken = targets.filter((target) => {
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? page : path.join(path.dirname(page), file);
      if (!existsSync(path.join(root, linked))) return true;
      return anchor !== undefined && !anchorsOf(linked).includes(anchor);
    });
    assert.deepEqual(broken, []);
  });

  test(`npm scripts in ${page} exist`, () => {
    const named = [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!);
    assert.deepEqual(
      named.filter((script) => !(script in scripts)),
      [],
    );
  });
}
