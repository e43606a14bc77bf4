/** What `lotse install` puts on a machine with systemd: pure text, so that it can be looked at before it is written. */
export interface Installation {
  /** The Node.js binary, `src/main.ts` and `src/proxy/proxy.ts` (or what they were compiled to), absolute. */
  readonly nodePath: string;
  readonly mainFile: string;
  readonly proxyFile: string;
  /** Where everything is kept, absolute. */
  readonly state: string;
  /** Arguments about the Docker engine, for whoever starts containers. */
  readonly engineArguments: readonly string[];
  /** Further arguments of the control plane. */
  readonly serveArguments: readonly string[];
  /** Processes of the proxy that handle connections. */
  readonly proxyWorkers: number;
  /** Folders in which the control plane finds npm, git, tar and docker, as in PATH. */
  readonly searchPath: string;
}

export interface InstalledFile {
  /** Absolute on the machine that it is for. */
  readonly path: string;
  readonly content: string;
}

/** The system user that the proxy runs as. */
export const proxyUser = 'lotse';
/** In the order in which they start. */
export const unitNames = ['lotse-proxy.service', 'lotse-boot.service', 'lotse.service'] as const;
/** Below the folders of their kind. */
export const dropInName = 'lotse.conf';

export function installedFiles(installation: Installation): readonly InstalledFile[] {
  return [
    { path: `/etc/sysusers.d/${dropInName}`, content: userText(installation) },
    { path: `/etc/tmpfiles.d/${dropInName}`, content: foldersText(installation) },
    { path: `/etc/systemd/system/${unitNames[0]}`, content: proxyUnit(installation) },
    { path: `/etc/systemd/system/${unitNames[1]}`, content: bootUnit(installation) },
    { path: `/etc/systemd/system/${unitNames[2]}`, content: controlPlaneUnit(installation) },
  ];
}

const head = '# Written by `lotse install`, which writes it again. Changes belong into a drop-in: systemctl edit.';

/** sysusers.d(5). */
function userText({ state }: Installation): string {
  return `${head}\nu ${proxyUser} - "Proxy of Lotse" ${state}\n`;
}

/** tmpfiles.d(5): the control plane makes the folders of its own; these two have to be there before the proxy. */
function foldersText({ state }: Installation): string {
  return [
    head,
    `d ${state} 0711 root root -`,
    `d ${state}/proxy 0700 ${proxyUser} ${proxyUser} -`,
    `Z ${state}/proxy - ${proxyUser} ${proxyUser} -`,
    `f ${state}/proxy/proxy.log 0600 ${proxyUser} ${proxyUser} -`,
    '',
  ].join('\n');
}

/**
 * A proxy that hands over to its successor ends; the successor has written its number into the file before that, so the
 * unit goes on with it (systemd.service(5), PIDFile=).
 */
function proxyUnit({ nodePath, proxyFile, state, proxyWorkers }: Installation): string {
  const folder = `${state}/proxy`;
  const node = [nodePath, '--max-semi-space-size=1', '--no-warnings'];
  const workerFile = proxyFile.replace(/proxy(\.[a-z]+)$/, 'worker$1');
  // What a TypeScript program leaves in the cache need not be compiled, nor the compiler be loaded, in the one that stays.
  const compiled = [[proxyFile, '--only-load'], [workerFile]].map((words) =>
    line('ExecStartPre', [nodePath, '--no-warnings', ...words], '-'),
  );
  return unit({
    Unit: [
      'Description=Lotse: the proxy, which serves with or without the control plane',
      'After=network.target systemd-tmpfiles-setup.service',
      'StartLimitIntervalSec=0',
    ],
    Service: [
      'Type=exec',
      `User=${proxyUser}`,
      `Group=${proxyUser}`,
      `WorkingDirectory=${word(folder)}`,
      line('Environment', [`NODE_COMPILE_CACHE=${folder}/compile-cache`]),
      ...(proxyFile.endsWith('.ts') ? compiled : []),
      line('ExecStart', [...node, proxyFile, '--state', folder, '--workers', `${proxyWorkers}`]),
      `PIDFile=${folder}/unit.pid`,
      `StandardOutput=append:${folder}/proxy.log`,
      `StandardError=append:${folder}/proxy.log`,
      ...survival(2),
      'TimeoutStopSec=45',
      'AmbientCapabilities=CAP_NET_BIND_SERVICE',
      'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ProtectHome=read-only',
      'PrivateTmp=yes',
      `ReadWritePaths=${word(folder)}`,
    ],
  });
}

function bootUnit({ nodePath, mainFile, state, engineArguments, searchPath }: Installation): string {
  return unit({
    Unit: [
      'Description=Lotse: starts again what ran before the machine went down',
      'After=network.target lotse-proxy.service docker.service',
      'Before=lotse.service',
    ],
    Service: [
      'Type=oneshot',
      'RemainAfterExit=yes',
      `WorkingDirectory=${word(state)}`,
      line('Environment', [`PATH=${searchPath}`]),
      line('ExecStart', [nodePath, '--no-warnings', mainFile, 'boot', '--state', state, ...engineArguments]),
      'KillMode=process',
      'OOMPolicy=continue',
      'TasksMax=infinity',
      'LimitNOFILE=1048576',
      'TimeoutStartSec=180',
    ],
  });
}

function controlPlaneUnit(installation: Installation): string {
  const { nodePath, mainFile, state, engineArguments, serveArguments, searchPath } = installation;
  const program = [nodePath, '--max-semi-space-size=1', '--no-warnings', mainFile];
  return unit({
    Unit: [
      'Description=Lotse: the control plane',
      'Wants=network-online.target lotse-proxy.service lotse-boot.service',
      'After=network-online.target lotse-proxy.service lotse-boot.service docker.service',
      'StartLimitIntervalSec=0',
    ],
    Service: [
      'Type=exec',
      `WorkingDirectory=${word(state)}`,
      line('Environment', [`PATH=${searchPath}`]),
      line('ExecStart', [...program, 'serve', '--state', state, '--as-unit', ...engineArguments, ...serveArguments]),
      ...survival(2),
      'TimeoutStopSec=90',
    ],
  });
}

/** Apps are among a unit's processes: neither its end nor one of them that wants too much memory may take the others along. */
function survival(restartSec: number): readonly string[] {
  return [
    'KillMode=process',
    'OOMPolicy=continue',
    'Restart=always',
    `RestartSec=${restartSec}`,
    'TasksMax=infinity',
    'LimitNOFILE=1048576',
  ];
}

function unit(sections: { readonly Unit: readonly string[]; readonly Service: readonly string[] }): string {
  const parts = [
    ['Unit', sections.Unit],
    ['Service', sections.Service],
    ['Install', ['WantedBy=multi-user.target']],
  ] as const;
  return `${head}\n${parts.map(([name, lines]) => `\n[${name}]\n${lines.join('\n')}\n`).join('')}`;
}

function line(key: string, words: readonly string[], prefix = ''): string {
  return `${key}=${prefix}${words.map(word).join(' ')}`;
}

/** One word of a command line, as systemd.service(5) and systemd.syntax(7) read it. */
function word(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s"']/.test(escaped) ? `"${escaped.replaceAll('"', '\\"')}"` : escaped;
}
