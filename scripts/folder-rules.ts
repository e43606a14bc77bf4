// Who may import whom, as data. `check-folders.ts` enforces it; ARCHITECTURE.md tells the story behind it.

export type ZoneName =
  | 'main'
  | 'process'
  | 'machine'
  | 'release values'
  | 'routers'
  | 'watchers'
  | 'pushes'
  | 'trusted roots'
  | 'pipelines'
  | 'reports'
  | 'offline'
  | 'serve options'
  | 'books'
  | 'dev'
  | 'core'
  | 'manifest'
  | 'rollout'
  | 'flag evaluation'
  | 'engine port'
  | 'public file of the engine'
  | 'engine'
  | 'port contract'
  | 'port'
  | 'slot keeping'
  | 'artifact records'
  | 'list of drivers'
  | 'driver'
  | 'capability api'
  | 'pure file of a capability'
  | 'capability routes'
  | 'route declarations'
  | 'accounts'
  | 'capability'
  | 'proxy control client'
  | 'proxy'
  | 'client of the Docker engine'
  | 'agent on another machine'
  | 'link to another machine'
  | 'database'
  | 'own backup'
  | 'api'
  | 'cli'
  | 'web'
  | 'example app'
  | 'tests'
  | 'benches'
  | 'scripts'
  | 'command';

/**
 * What a zone may take from another one. `types` are gone when the program runs. `sameUnit` keeps to one port or one
 * capability: a driver may import its own port, not another one.
 */
export type Permission = { readonly zone: ZoneName; readonly only?: 'types'; readonly sameUnit?: true };

export type Zone = {
  readonly name: ZoneName;
  /**
   * Paths from the root of the repository; a file belongs to the first zone that matches. A group named `unit` splits
   * the zone: two files of one zone may import each other only inside the same unit.
   */
  readonly files: RegExp;
  readonly mayImport: 'everything' | readonly Permission[];
  /** npm packages: any, or these. */
  readonly packages: 'any' | readonly string[];
  /** Modules of Node: any, or these, or single names of them as in `node:crypto#createHash`. */
  readonly builtins: 'any' | readonly string[];
  /** Pure code has no clock, no randomness, no process, no timers and no network, by way of globals either. */
  readonly isPure?: true;
  readonly maxLines?: number;
  /** Completes the sentence "forbidden because …". */
  readonly reason: string;
};

const valuesOf = (...names: readonly ZoneName[]): readonly Permission[] => names.map((zone) => ({ zone }));
const typesOf = (...names: readonly ZoneName[]): readonly Permission[] =>
  names.map((zone) => ({ zone, only: 'types' }) as const);
const ownOf = (...names: readonly ZoneName[]): readonly Permission[] =>
  names.map((zone) => ({ zone, sameUnit: true }) as const);

const insideCapability: readonly ZoneName[] = [
  'capability api',
  'pure file of a capability',
  'capability routes',
  'accounts',
  'capability',
];
const ofCapability = {
  mayImport: [
    ...valuesOf(
      'core',
      'manifest',
      'rollout',
      'flag evaluation',
      'reports',
      'port',
      'database',
      'public file of the engine',
    ),
    ...ownOf(...insideCapability),
  ],
  packages: 'any',
  builtins: 'any',
  reason:
    'a capability knows the kernel, the ports, the database and the public file of the engine, and no other capability: they meet in the journal',
} as const;
/** Somebody has to put it together; each part stays readable. */
const ofComposition = { mayImport: 'everything', packages: 'any', builtins: 'any', maxLines: 250 } as const;
const ofRoutes = {
  ...ofCapability,
  mayImport: [...ofCapability.mayImport, ...valuesOf('route declarations')],
} as const;
const ofEngine = {
  mayImport: valuesOf('core', 'rollout', 'port', 'engine port', 'engine', 'public file of the engine'),
  packages: 'any',
  builtins: 'any',
  reason:
    'the engine runs rollouts through ports alone, so that each driver, the database and the API can be exchanged under it',
} as const;

/** All zones, in the order in which they are asked. */
export const zones: readonly Zone[] = [
  {
    name: 'tests',
    files: /^(?:web\/)?test\/|^src\/.*\/(?:fixtures|testing)\/|\.test\.(?:ts|tsx|mjs)$/,
    mayImport: 'everything',
    packages: 'any',
    builtins: 'any',
    reason: 'tests put real parts together',
  },
  {
    name: 'main',
    files: /^src\/main\.ts$/,
    ...ofComposition,
    reason: 'it is the composition root, the one file that names concrete drivers, and has to stay readable',
  },
  {
    name: 'machine',
    files: /^src\/machine\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root that names builders and targets, and loads those that few need',
  },
  {
    name: 'release values',
    files: /^src\/release-values\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root that names where config, secrets and flags come from',
  },
  {
    name: 'routers',
    files: /^src\/routers\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root that names traffic routers, of this machine and of others',
  },
  {
    name: 'books',
    files: /^src\/books\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root for what is written down: the journal and the log of problems',
  },
  {
    name: 'watchers',
    files: /^src\/watchers\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root that names what follows from the journal and from the time',
  },
  {
    name: 'serve options',
    files: /^src\/serve-options\.ts$/,
    mayImport: 'everything',
    packages: [],
    builtins: 'any',
    reason: 'it is the part of the composition root for what the command line says',
  },
  {
    name: 'offline',
    files: /^src\/offline(?:-[a-z]+)?\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root for what is done to a state folder without a control plane',
  },
  {
    name: 'trusted roots',
    files: /^src\/trusted-roots\.ts$/,
    mayImport: valuesOf('core'),
    packages: [],
    builtins: ['node:tls'],
    reason: 'it changes whom the whole process trusts, which only its entry may decide',
  },
  {
    name: 'pushes',
    files: /^src\/pushes\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root that names what repositories send and are told',
  },
  {
    name: 'pipelines',
    files: /^src\/pipelines\.ts$/,
    ...ofComposition,
    reason: 'it is the part of the composition root that names what the jobs of pipelines run on',
  },
  {
    name: 'reports',
    files: /^src\/reports\//,
    mayImport: valuesOf('core'),
    packages: ['saxes', 'yaml', 'zod'],
    builtins: ['node:crypto#createHash'],
    isPure: true,
    reason: 'what a report of tests or of a scan says is read the same way on the command line and by the server',
  },
  {
    name: 'dev',
    files: /^src\/dev\.ts$/,
    ...ofComposition,
    reason: 'it is the composition root of the dev mode, which main.ts loads on its own, and has to stay readable',
  },
  {
    name: 'process',
    files: /^src\/process\.ts$/,
    mayImport: [],
    packages: [],
    builtins: 'any',
    reason: 'it is what a process says to its parent and hears from it, and nothing of what it does',
  },
  {
    name: 'core',
    files: /^src\/core\//,
    mayImport: [],
    packages: [],
    builtins: ['node:crypto#createHash'],
    isPure: true,
    reason: 'the kernel is pure and depends on nothing, so that everything can depend on it',
  },
  {
    name: 'manifest',
    files: /^src\/manifest\//,
    mayImport: [...valuesOf('core')],
    packages: ['zod', 'yaml', 'croner'],
    builtins: [],
    isPure: true,
    reason: 'reading lotse.yaml is pure: server, command line and web page do it with the same code',
  },
  {
    name: 'rollout',
    files: /^src\/rollout\//,
    mayImport: [...valuesOf('core'), ...typesOf('manifest')],
    packages: ['zod'],
    builtins: [],
    isPure: true,
    reason: 'decisions are pure, so that a rollout can be replayed after a crash and simulated by the million',
  },
  {
    name: 'flag evaluation',
    files: /^src\/flags\//,
    mayImport: valuesOf('core'),
    packages: ['zod', 'semver'],
    builtins: [],
    isPure: true,
    reason:
      'a flag is evaluated the same way wherever it is asked: nothing but its definition, the context and the time',
  },
  {
    name: 'engine port',
    files: /^src\/engine\/(?:journal|checkpoints|owner-lock)\.ts$/,
    mayImport: [...valuesOf('core', 'engine port'), ...typesOf('rollout')],
    packages: [],
    builtins: [],
    reason: 'it is a port: the database implements it and must not get the engine along with it',
  },
  { name: 'public file of the engine', files: /^src\/engine\/engine\.ts$/, ...ofEngine },
  {
    name: 'port contract',
    files: /^src\/ports\/(?<unit>[^/]+)\/[^/]+\.contract\.ts$|^src\/engine\/[^/]+\.contract\.ts$/,
    mayImport: [
      ...valuesOf('core', 'engine port'),
      ...typesOf('manifest', 'rollout'),
      { zone: 'port', sameUnit: true },
    ],
    packages: ['fast-check'],
    builtins: 'any',
    reason: 'a contract suite speaks of the port alone, so that each driver can be held to it; only tests run it',
  },
  { name: 'engine', files: /^src\/engine\//, ...ofEngine },
  {
    name: 'list of drivers',
    files: /^src\/ports\/(?<unit>[^/]+)\/(?:[^/]+-)?drivers\.ts$/,
    mayImport: [...valuesOf('core'), ...ownOf('port', 'driver')],
    packages: [],
    builtins: [],
    reason: 'it lists the drivers of its own port and nothing else',
  },
  {
    name: 'port',
    files: /^src\/ports\/(?<unit>[^/]+)\/[^/]+\.ts$/,
    mayImport: [...valuesOf('core'), ...typesOf('manifest', 'rollout')],
    packages: [],
    builtins: [],
    reason: 'a port is an interface: it knows the kernel and the words of the manifest and the rollout, never a driver',
  },
  {
    name: 'slot keeping',
    files: /^src\/ports\/(?<unit>targets)\/slots\//,
    mayImport: [...valuesOf('core'), ...ownOf('port'), ...typesOf('manifest', 'rollout')],
    packages: [],
    builtins: 'any',
    reason:
      'keeping slots filled is the same for all targets that own their instances: they share it, and it knows none of them',
  },
  {
    name: 'artifact records',
    files: /^src\/ports\/(?<unit>builders)\/records\//,
    mayImport: [...valuesOf('core'), ...ownOf('port')],
    packages: [],
    builtins: 'any',
    reason:
      'writing down which artifacts there are is the same for all builders: they share it, and it knows none of them',
  },
  {
    name: 'driver',
    files: /^src\/ports\/(?<unit>[^/]+\/[^/]+)\//,
    mayImport: [
      ...valuesOf('core', 'proxy control client', 'client of the Docker engine'),
      ...ownOf('port', 'slot keeping', 'artifact records'),
      ...typesOf('port', 'manifest', 'rollout', 'link to another machine'),
    ],
    packages: 'any',
    builtins: 'any',
    reason: 'a driver knows its port and its client library, so that it can be exchanged without anyone else noticing',
  },
  {
    name: 'capability api',
    files: /^src\/capabilities\/(?<unit>[^/]+)\/[^/]+-api\.ts$/,
    mayImport: [...valuesOf('core', 'manifest'), ...ownOf('capability api')],
    packages: ['zod'],
    builtins: [],
    isPure: true,
    reason: 'command line and web page load these schemas too, and must not get the server along with them',
  },
  {
    name: 'pure file of a capability',
    files: /^src\/capabilities\/(?<unit>(?<stem>[a-z-]+?)(?:s|ies)?)\/\k<stem>(?:s|y)?\.ts$/,
    mayImport: [
      ...valuesOf('core'),
      ...typesOf('manifest', 'rollout'),
      ...ownOf('pure file of a capability', 'capability api'),
    ],
    packages: ['zod'],
    builtins: [],
    isPure: true,
    reason: 'what a capability decides stays apart from what it does',
  },
  { name: 'capability routes', files: /^src\/capabilities\/(?<unit>[^/]+)\/routes(?:-[a-z]+)?\.ts$/, ...ofRoutes },
  { name: 'accounts', files: /^src\/capabilities\/(?<unit>accounts)\//, ...ofCapability },
  { name: 'capability', files: /^src\/capabilities\/(?<unit>[^/]+)\//, ...ofCapability },
  {
    name: 'proxy control client',
    files: /^src\/proxy\/(?:control-client|start-proxy)\.ts$/,
    mayImport: valuesOf('core', 'proxy'),
    packages: [],
    builtins: 'any',
    reason: 'the proxy serves on when all else is gone, so it depends on nothing but the kernel',
  },
  {
    name: 'proxy',
    files: /^src\/proxy\//,
    mayImport: valuesOf('core', 'proxy control client'),
    packages: [],
    builtins: 'any',
    reason: 'the proxy serves on when all else is gone, so it depends on nothing but the kernel',
  },
  {
    name: 'client of the Docker engine',
    files: /^src\/docker-engine\//,
    mayImport: valuesOf('core'),
    packages: [],
    builtins: 'any',
    reason: 'it only talks to an engine: drivers of several ports share it, so it must not know any of them',
  },
  {
    name: 'agent on another machine',
    files: /^src\/other-machine\/agent\//,
    mayImport: typesOf('core'),
    packages: [],
    builtins: 'any',
    reason: 'it is brought to another machine and runs there with nothing else of Lotse beside it but the proxy',
  },
  {
    name: 'link to another machine',
    files: /^src\/other-machine\//,
    mayImport: valuesOf('core', 'client of the Docker engine', 'proxy control client', 'agent on another machine'),
    packages: [],
    builtins: 'any',
    reason:
      'drivers of several ports go by it to another machine, so it must not know any of them; it sees that machine through its engine alone',
  },
  {
    name: 'database',
    files: /^src\/database\//,
    mayImport: [...valuesOf('core', 'engine port'), ...typesOf('rollout')],
    packages: 'any',
    builtins: 'any',
    reason:
      'the database stores what the kernel, the rollout and the ports of the engine describe, and knows no one who asks',
  },
  {
    name: 'own backup',
    files: /^src\/backup\//,
    mayImport: [...valuesOf('core', 'database')],
    packages: ['zod', 'age-encryption', 'uuidv7'],
    builtins: 'any',
    reason: 'it copies files and the database, and must work when nothing else of Lotse does',
  },
  {
    name: 'route declarations',
    files: /^src\/api\/(?:route|read-shape)\.ts$/,
    mayImport: [...valuesOf('core', 'route declarations'), ...typesOf('accounts')],
    packages: ['zod'],
    builtins: 'any',
    reason: 'capabilities declare their routes with it as plain data, and must not get the server along with it',
  },
  {
    name: 'api',
    files: /^src\/api\//,
    mayImport: valuesOf(
      'core',
      'port',
      'public file of the engine',
      'capability routes',
      'accounts',
      'route declarations',
    ),
    packages: 'any',
    builtins: 'any',
    reason: 'the API carries requests to the capabilities and knows neither drivers nor tables',
  },
  {
    name: 'cli',
    files: /^src\/cli\//,
    mayImport: valuesOf(
      'core',
      'manifest',
      'reports',
      'capability api',
      'proxy control client',
      'client of the Docker engine',
    ),
    packages: 'any',
    builtins: 'any',
    reason: 'the command line is a client (doctor also of the Docker engine): it may run on another machine',
  },
  {
    name: 'scripts',
    files: /^scripts\/|^web\/[^/]+\.config\.ts$/,
    mayImport: 'everything',
    packages: 'any',
    builtins: 'any',
    reason: 'scripts build and check the repository',
  },
  {
    name: 'web',
    files: /^web\//,
    mayImport: valuesOf('core', 'manifest', 'capability api'),
    packages: 'any',
    builtins: [],
    reason: 'the web page is a client that runs in a browser',
  },
  {
    name: 'example app',
    files: /^examples\/(?<unit>[^/]+)\//,
    mayImport: [],
    packages: 'any',
    builtins: 'any',
    reason: 'an example is an app as a user has it: it gets Lotse from outside and shares no code with it',
  },
  {
    name: 'benches',
    files: /^bench\//,
    mayImport: 'everything',
    packages: 'any',
    builtins: 'any',
    reason: 'benches put real parts together',
  },
  {
    name: 'command',
    files: /^bin\//,
    mayImport: [],
    packages: [],
    builtins: 'any',
    reason: 'it runs before the right Node is known and before any package is there',
  },
];

/** Zones that production code never imports, not even `main.ts`. */
export const notForProduction: ReadonlySet<ZoneName> = new Set(['tests', 'benches', 'scripts', 'port contract']);
