import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import packageJson from '../../../package.json' with { type: 'json' };
import { WEBGPU } from '../../../src/environments/installation.ts';
import { fetchPackage } from '../../../src/environments/registryPackage.ts';
import { SetupError } from '../../../src/environments/setupFailure.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-registry-'));
const storage = path.join(folder, 'storage');
let registry: Server;
let env: NodeJS.ProcessEnv;
/** Archives by their paths; one that does not end is only begun. */
const archives = new Map<string, Buffer>();

before(async () => {
  registry = createServer(({ url }, response) => {
    const archive = archives.get(url!.replace('/endless', ''));
    if (!archive) response.writeHead(404).end();
    else if (url!.includes('/endless')) response.write(archive);
    else response.end(archive);
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  env = { ...process.env, NPM_CONFIG_REGISTRY: `http://127.0.0.1:${port}/` };
});
after(() => {
  registry.closeAllConnections();
  registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As `npm publish` packs it. */
function published(version: string) {
  const source = path.join(folder, version);
  mkdirSync(path.join(source, 'package'), { recursive: true });
  writeFileSync(
    path.join(source, 'package/package.json'),
    JSON.stringify({ name: 'tool', version }),
  );
  writeFileSync(path.join(source, 'package/index.js'), `module.exports = '${version}';`);
  execFileSync('tar', ['-czf', 'tool.tgz', 'package'], { cwd: source });
  const archive = readFileSync(path.join(source, 'tool.tgz'));
  archives.set(`/tool/-/tool-${version}.tgz`, archive);
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  return { name: 'tool', version, integrity };
}

/** A new process would load it; this one has the file of the first version in its cache. */
const installed = () => {
  const load = createRequire(path.join(storage, 'package.json'));
  delete load.cache[path.join(storage, 'node_modules/tool/index.js')];
  return load('tool');
};
const entries = () => readdirSync(path.join(storage, 'node_modules'));

describe('a package of npm’s registry, without npm,', () => {
  test('is installed, and replaces another version', async () => {
    const lines: string[] = [];
    const options = { env, onLine: (line: string) => lines.push(line) };
    await fetchPackage(published('1.0.0'), storage, options);
    assert.equal(installed(), '1.0.0');
    assert.match(lines[0]!, /^Downloading http:.*\d\/tool\/-\/tool-1\.0\.0\.tgz$/);
    await fetchPackage(published('1.1.0'), storage, options);
    assert.equal(installed(), '1.1.0');
    assert.deepEqual(entries(), ['tool']);
  });

  test('is what it was when GRAIN was made, or nothing changes', async () => {
    const [wanted, other] = [published('2.0.0'), published('2.1.0')];
    const changed = { ...wanted, integrity: other.integrity };
    const gone = { ...wanted, version: '3.0.0' };
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const nowhere = { ...env, NPM_CONFIG_REGISTRY: `http://127.0.0.1:${port}` };
    for (const [asked, at, message] of [
      [changed, env, /tool-2\.0\.0\.tgz is not the package that GRAIN was made with\.$/],
      [gone, env, /tool-3\.0\.0\.tgz answered 404\.$/],
      [wanted, nowhere, /^the package index cannot be reached\. .*NPM_CONFIG_REGISTRY/],
      [wanted, { ...env, PATH: folder }, /tar is not on the PATH\. Install it/],
    ] as const) {
      await assert.rejects(fetchPackage(asked, storage, { env: at }), (error) => {
        assert.ok(error instanceof SetupError);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal(installed(), '1.1.0');
    assert.deepEqual(entries(), ['tool']);
  });

  test('can be cancelled', async () => {
    const abort = new AbortController();
    const endless = { ...env, NPM_CONFIG_REGISTRY: `${env.NPM_CONFIG_REGISTRY}endless` };
    const onLine = () => setTimeout(() => abort.abort(), 50);
    const fetching = fetchPackage(published('4.0.0'), storage, {
      ...{ env: endless, signal: abort.signal, onLine },
    });
    await assert.rejects(fetching, { kind: 'cancelled' });
    assert.deepEqual(entries(), ['tool']);
  });
});

test('webgpu is the one of package-lock.json, in the range of package.json', () => {
  const lock = new URL('../../../package-lock.json', import.meta.url);
  const { version, integrity } = JSON.parse(readFileSync(lock, 'utf8')).packages[
    'node_modules/webgpu'
  ];
  assert.deepEqual(WEBGPU, { name: 'webgpu', version, integrity });
  assert.equal(packageJson.optionalDependencies.webgpu, `^${version}`);
});
