// The import rules of the house: each rule here is one sentence there. test/architecture/layers.test.ts plants a violation of each.

/** The guard's stages in the order in which data passes through them. */
const STAGES = ['bus', 'measurements', 'site', 'control', 'safety', 'commands'];
const stage = (names) => `^gateway/guard/(${names.join('|')})/`;

const COMPOSE = '^(gateway|gateway/guard|cloud)/compose(\\.ts|-[^/]*\\.ts)$';
const TICK = '^gateway/guard/(tick|decide)\\.ts$';
/** Composition roots: a main.ts, its commands (cli/) and processes (processes/, demo/, a folder's
 *  run.ts), the Lambda entries. */
const GATEWAY_ROOTS = '^gateway/(main\\.ts$|cli/|processes/)';
const CLOUD_ROOTS = '^cloud/(main\\.ts$|cli/|handlers/)';
const SIMULATOR_ROOTS = '^simulators/(main\\.ts$|cli/|demo/|[^/]+/run\\.ts$)';
const ROOTS = `${GATEWAY_ROOTS}|${CLOUD_ROOTS}|${SIMULATOR_ROOTS}`;
const CONFIG = '^(gateway|cloud)/config/'; // reads files, as roots do
const ADAPTERS = '^(gateway|cloud)/adapters/';
const PAGES = '^(gateway/ui|cloud/console)/';
const PAGE_TOOLS = '^(gateway/ui|cloud/console)/vite\\.config\\.ts$';
const TEST = '^test/';
const TOOLS = '^(bin/|[^/]+\\.(c?js|mjs|ts)$)';
const PACKAGE = [
  'npm',
  'npm-dev',
  'npm-optional',
  'npm-peer',
  'npm-bundled',
  'npm-no-pkg',
  'npm-unknown',
];

const any = (...patterns) => patterns.join('|');
const error = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

const house = [
  error('no-cycles', 'Rule 1: no cycles, not even of types.', {}, { circular: true }),

  error(
    'devices-stand-alone',
    'Rule 2: devices/ imports nothing outside itself.',
    { path: '^devices/' },
    { pathNot: '^devices/' },
  ),

  error(
    'safety-imports-nothing',
    'Rule 3: the kernel imports nothing, not even a type.',
    { path: '^gateway/guard/safety/' },
    { pathNot: '^gateway/guard/safety/' },
  ),
];

const guard = [
  ...STAGES.slice(0, -1).map((name, at) =>
    error(
      `${name}-looks-ahead`,
      'Rule 4: a guard stage never sees a later stage.',
      { path: stage([name]) },
      { path: stage(STAGES.slice(at + 1)) },
    ),
  ),
  error(
    'stage-takes-types',
    'Rule 4: of earlier stages a stage sees the types, nothing that runs.',
    { path: `^gateway/guard/(${STAGES.join('|')})/` },
    { path: stage(STAGES), pathNot: '^gateway/guard/$1/', dependencyTypesNot: ['type-only'] },
  ),
  error(
    'stages-meet-in-tick',
    'Rule 4: only tick.ts with decide.ts and compose.ts see all stages; elsewhere their types will do.',
    { pathNot: any(stage(STAGES), COMPOSE, TICK, TEST) },
    { path: stage(STAGES), dependencyTypesNot: ['type-only'] },
  ),
  error(
    'guard-needs-nobody',
    'Rule 4: the guard sees devices, contracts, ports and itself.',
    { path: '^gateway/guard/', pathNot: COMPOSE },
    {
      path: '^(gateway|cloud|simulators|test)/',
      pathNot: any('^gateway/(guard|contracts)/', '^gateway/ports\\.ts$'),
    },
  ),
  error(
    'guard-takes-types',
    'Rule 7: the guard takes types and contracts/values/: a schema library has no place in the fast loop.',
    { path: '^gateway/guard/' },
    {
      path: '^gateway/contracts/',
      pathNot: '^gateway/contracts/values/',
      dependencyTypesNot: ['type-only'],
    },
  ),
  error(
    'ports-are-types',
    'Rule 4: a port is a type; nothing that runs lives in ports.ts.',
    { pathNot: TEST },
    { path: '^(gateway|cloud)/ports\\.ts$', dependencyTypesNot: ['type-only'] },
  ),
  error(
    'controllers-never-meet',
    'Rule 5: controllers never import each other; they meet in types and messages.',
    { path: '^gateway/guard/control/([^/]+)/' },
    { path: '^gateway/guard/control/[^/]+/', pathNot: '^gateway/guard/control/$1/' },
  ),
  error(
    'agents-never-meet',
    'Rule 5: agents never import each other; they meet in types and messages.',
    { path: '^(gateway|cloud)/agents/([^/]+)/' },
    { path: '^$1/agents/[^/]+/', pathNot: '^$1/agents/$2/' },
  ),
];

const proof = [
  error(
    'commissioning-is-pure',
    'The proof of a wiring is mathematics on data: it sees devices, contracts and itself.',
    { path: '^gateway/commissioning/' },
    {
      path: '^(gateway|cloud|simulators|test)/',
      pathNot: '^gateway/(commissioning|contracts)/',
    },
  ),
];

const rootsAndAdapters = [
  error(
    'adapters-belong-to-roots',
    'Rule 6: composition roots, config loading and tests import adapters, nobody else.',
    { path: '.', pathNot: any(ADAPTERS, ROOTS, CONFIG, TEST) },
    { path: ADAPTERS },
  ),
  error(
    'gateway-adapters-see-ports',
    'Rule 6: adapters import ports, contracts and devices, never stages.',
    { path: '^gateway/adapters/' },
    {
      path: '^(gateway|cloud|simulators|test)/',
      pathNot: any('^gateway/(adapters|contracts)/', '^gateway/ports\\.ts$'),
    },
  ),
  error(
    'cloud-adapters-see-ports',
    'Rule 6: adapters import ports, contracts and devices, never stages.',
    { path: '^cloud/adapters/' },
    {
      path: '^(gateway|cloud|simulators|test)/',
      pathNot: any('^cloud/adapters/', '^gateway/contracts/', '^(gateway|cloud)/ports\\.ts$'),
    },
  ),
  error(
    'compose-has-three-callers',
    'Rule 6: the site (a root), the virtual world and the hardware-in-the-loop tests call compose.',
    { pathNot: any(COMPOSE, ROOTS, '^simulators/', TEST) },
    { path: COMPOSE },
  ),
];

const sides = [
  error(
    'cloud-sees-contracts',
    'Rule 7: cloud/ sees devices, gateway/contracts, the pure models of gateway/agents/forecasting, port types.',
    { path: '^cloud/' },
    {
      path: '^gateway/',
      pathNot: any(
        '^gateway/contracts/',
        '^gateway/agents/forecasting/',
        '^gateway/ports\\.ts$',
        '^gateway/adapters/', // adapters-belong-to-roots and cloud-adapters-see-ports say who
      ),
    },
  ),
  error(
    'gateway-never-sees-cloud',
    'Rule 7: the edge runs without the cloud.',
    { path: '^gateway/' },
    { path: '^cloud/' },
  ),
  error(
    'nobody-sees-simulators',
    'Rules 7 and 9: only simulators/ itself and tests import simulators/.',
    { pathNot: any('^simulators/', TEST) },
    { path: '^simulators/' },
  ),
  error(
    'pages-take-types',
    'Rule 7: a page takes types and contracts/values/.',
    { path: PAGES, pathNot: PAGE_TOOLS },
    {
      path: '^(devices|gateway|cloud|simulators|test)/',
      pathNot: any(PAGES, '^gateway/contracts/values/'),
      dependencyTypesNot: ['type-only'],
    },
  ),
  error(
    'contracts-stand-alone',
    'Rule 7: contracts are what the sides share; they see devices and each other.',
    { path: '^gateway/contracts/' },
    { path: '^(gateway|cloud|simulators|test)/', pathNot: '^gateway/contracts/' },
  ),
  error(
    'values-are-plain',
    'Rule 7: contracts/values/ are plain types and functions: no messages, no schemas.',
    { path: '^gateway/contracts/values/' },
    { path: '^gateway/contracts/', pathNot: '^gateway/contracts/values/' },
  ),
  error(
    'only-tests-see-tests',
    'Rule 9: nothing but tests and the roots of simulators/ imports test/.',
    { pathNot: any(TEST, SIMULATOR_ROOTS) },
    { path: TEST, pathNot: '^test/reporter\\.ts$' },
  ),
  error(
    'simulators-see-compose',
    'Rule 9: simulators/ sees devices, contracts, ports and the compose functions, no stage.',
    { path: '^simulators/', pathNot: SIMULATOR_ROOTS },
    {
      path: '^(gateway|cloud)/',
      pathNot: any('^gateway/contracts/', '^(gateway|cloud)/ports\\.ts$', COMPOSE),
    },
  ),
  error(
    'simulator-roots-see-adapters',
    'Rule 9: the roots of simulators/ may add adapters and config loading, no stage.',
    { path: SIMULATOR_ROOTS },
    {
      path: '^(gateway|cloud)/',
      pathNot: any(
        '^gateway/contracts/',
        '^(gateway|cloud)/ports\\.ts$',
        '^(gateway|cloud)/(adapters|config)/',
        COMPOSE,
      ),
    },
  ),
  error(
    'checkers-judge-from-outside',
    'Rule 9: checkers see only devices and contracts.',
    { path: '^simulators/checkers/' },
    {
      path: '^(gateway|cloud|simulators|test)/',
      pathNot: any('^simulators/checkers/', '^gateway/contracts/'),
    },
  ),
];

/** Where packages and Node's own modules may be used. */
const OUTWARD = any(
  ADAPTERS,
  ROOTS,
  '^(gateway|cloud)/config/',
  '^simulators/(wires|servers|iot-core)/',
  '^cloud/infra/',
  TEST,
  TOOLS,
  PAGE_TOOLS,
);
const inPackage = (names) => `(^|/)node_modules/(${names.join('|')})(/|$)`;

const outside = [
  error(
    'no-node-inside',
    'Rule 8: node: modules only in adapters, roots, config loading, simulated wires and servers, infra, tools, tests.',
    { path: '.', pathNot: OUTWARD },
    { dependencyTypes: ['core'] },
  ),
  error(
    'no-package-inside',
    'Rule 8: packages only in adapters, roots, config loading, simulated wires and servers, infra, tools, tests.',
    { path: '.', pathNot: any(OUTWARD, '^gateway/contracts/', PAGES) },
    { dependencyTypes: PACKAGE },
  ),
  error(
    'contracts-use-zod',
    'Rule 8: zod is the one package in contracts.',
    { path: '^gateway/contracts/' },
    { dependencyTypes: PACKAGE, pathNot: inPackage(['zod']) },
  ),
  error(
    'values-use-no-zod',
    'Rule 8: contracts/values/ are read by the guard and the pages: no package at all.',
    { path: '^gateway/contracts/values/' },
    { dependencyTypes: PACKAGE },
  ),
  error(
    'pages-use-preact',
    'Rule 8: Preact, signals and uPlot in the pages, nothing else.',
    { path: PAGES, pathNot: PAGE_TOOLS },
    { dependencyTypes: PACKAGE, pathNot: inPackage(['preact', '@preact/[^/]+', 'uplot']) },
  ),
  error(
    'edge-carries-no-dev-packages',
    'What runs on a gateway is a dependency, not a development dependency.',
    { path: '^(devices|gateway)/' },
    { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  ),
  error(
    'imports-resolve',
    'Every import leads to a file, and every package is in package.json.',
    {},
    { couldNotResolve: true },
  ),
  error(
    'packages-are-declared',
    'Every import leads to a file, and every package is in package.json.',
    {},
    { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  ),
];

module.exports = {
  forbidden: [...house, ...guard, ...proof, ...rootsAndAdapters, ...sides, ...outside],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Never a bare 'dist': most packages keep their entry there, and an excluded import is not judged.
    exclude: { path: '^(test/fixtures/planted|[.]cache|coverage|dist|cdk[.]out)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json'],
    },
    cache: false,
  },
};
