/** The arrows of the architecture: each room may look only downwards. */
const only = (room, allowed) => ({
  name: `${room}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^(src|webview|test|bench|python)/',
    pathNot: `^src/(${[room, ...allowed].join('|')})/`,
  },
});

/** From the lowest up. `config` and `runs` stand side by side. */
const floors = [
  ...[
    'engine',
    'config',
    'runs',
    'environments',
    'hub',
    'data',
    'backends',
    'nn',
    'training',
    'experiment',
  ],
];

export default {
  forbidden: [
    ...floors.map((room, floor) => only(room, floors.slice(0, floor))),
    only('cli', floors),
    only('extension', floors),
    {
      name: 'the-extension-never-trains',
      comment: 'Its process has no tensors: runs are processes of their own.',
      severity: 'error',
      from: { path: '^src/extension/' },
      to: { path: '^src/(backends|nn|training)/', reachable: true },
    },
    {
      name: 'only-the-extension-knows-vscode',
      comment: 'VS Code provides the module to extensions; here its types stand in for it.',
      severity: 'error',
      from: { path: '^(src|webview)/', pathNot: '^src/extension/' },
      to: { path: '^vscode$|(^|/)node_modules/@types/vscode/' },
    },
    {
      name: 'engine-is-pure',
      comment:
        'No I/O and no tensor library. Exceptions are the worker boundary, how the kernels are compiled and loaded, and, of packages, pure mathematics by name.',
      severity: 'error',
      from: { path: '^src/engine/', pathNot: '^src/engine/kernels/(build|load).ts$' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'npm-optional'],
        pathNot: '^(node:)?(worker_threads|crypto)$|(^|/)node_modules/(ml-matrix|pure-rand)/',
      },
    },
    {
      name: 'webview-imports-only-message-types',
      comment: 'Nothing of the extension host gets into the bundles of the pages.',
      severity: 'error',
      from: { path: '^webview/' },
      to: {
        path: '^src/',
        pathNot: '^src/extension/messages/[^/]+$',
      },
    },
    {
      name: 'webview-imports-messages-as-types',
      severity: 'error',
      from: { path: '^webview/' },
      to: { path: '^src/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'toolkit-only-in-controls',
      comment:
        'The toolkit is deprecated upstream: one module imports it, so replacing it is a one-file change.',
      severity: 'error',
      from: { path: '^(src|webview)/', pathNot: '^webview/controls/' },
      to: { path: 'webview-ui-toolkit' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-folder-cycles',
      scope: 'folder',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
