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

export default {
  forbidden: [
    only('engine', []),
    only('experiment', ['engine']),
    only('runs', ['engine']),
    only('training', ['engine', 'experiment', 'runs']),
    only('cli', ['engine', 'experiment', 'runs', 'training']),
    only('extension', ['engine', 'experiment', 'runs']),
    {
      name: 'only-the-extension-knows-vscode',
      severity: 'error',
      from: { path: '^(src|webview)/', pathNot: '^src/extension/' },
      to: { path: '^vscode$' },
    },
    {
      name: 'engine-is-pure',
      comment:
        'No I/O and no tensor library. Exceptions are the worker boundary, how the kernels are compiled and loaded, and, of packages, pure mathematics by name.',
      severity: 'error',
      from: { path: '^src/engine/', pathNot: '^src/engine/kernels/(build|load).ts$' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-optional'],
        pathNot: '^(node:)?worker_threads$|^node_modules/(ml-matrix|pure-rand)/',
      },
    },
    {
      name: 'webview-imports-only-message-types',
      severity: 'error',
      from: { path: '^webview/' },
      to: { path: '^src/', pathNot: '^src/extension/messages/' },
    },
    {
      name: 'messages-are-types-alone',
      severity: 'error',
      from: { path: '^src/extension/messages/' },
      to: {
        path: '.',
        pathNot: '^src/(extension/messages|runs|engine)/',
        dependencyTypesNot: ['type-only'],
      },
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
