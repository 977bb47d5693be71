import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { HubServer } from '../unit/hub/hubServer.ts';
import { grain } from './grain.ts';
import { ringsOf } from './rings.ts';

test('behind a proxy, data come from the Hub through it', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-proxy-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const hub = await HubServer.start();
  t.after(() => hub.stop());
  const rings = Buffer.from(ringsOf(60));
  const files = { 'rings.csv': rings };
  hub.repositories['some/data'] = { kind: 'dataset', commit: 'a'.repeat(40), files };

  // The only way to the Hub, whose name nothing else knows.
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const { hostname, port } = new URL(hub.endpoint);
    const onwards = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onwards.pipe(socket).pipe(onwards);
    });
    for (const end of [socket, onwards]) end.on('error', () => onwards.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => proxy.close());
  const { port } = proxy.address() as AddressInfo;

  writeFileSync(
    path.join(folder, 'grain.yaml'),
    `data: { from: some/data, train: rings.csv, validation: rings.csv, target: ring }
model: { hidden: [] }
groups: { count: 2 }
batchSize: 8
steps: 2
device: cpu
`,
  );
  const { status, stderr } = await grain(['run', 'grain.yaml'], folder, {
    ...{ HF_HOME: path.join(folder, 'hub-home'), HF_ENDPOINT: 'http://hub.example' },
    ...{ HTTP_PROXY: `http://127.0.0.1:${port}`, http_proxy: '', NO_PROXY: '', no_proxy: '' },
  });
  assert.equal(status, 0, stderr);
  assert.ok(tunnels.length > 0 && tunnels.every((to) => to === 'hub.example:80'), `${tunnels}`);
});

test('what is not the address of a proxy is said', async () => {
  const env = { HTTPS_PROXY: 'nonsense', https_proxy: '' };
  const { status, stderr } = await grain(['runs'], tmpdir(), env);
  assert.equal(status, 0, stderr);
  assert.match(
    stderr,
    /HTTPS_PROXY or HTTP_PROXY is not the address of a proxy: nonsense\. Expected/,
  );
});
