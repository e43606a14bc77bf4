import type { ComposeNote } from './compose-note.ts';

type KeyWord = readonly [kind: ComposeNote['kind'], message: string];

const ownNetwork: KeyWord = [
  'not-needed',
  'services reach each other by the variable <SERVICE>_URL, whatever network they are in',
];
const processRights: KeyWord = ['lost', 'what the process may do on the machine is not set in lotse.yaml'];
const nobodySeesIt: KeyWord = ['not-needed', 'nothing in Lotse goes by it'];
const terminal: KeyWord = ['not-needed', 'a service has no terminal'];
const machine: KeyWord = ['lost', 'it is a setting of the machine; set it there'];

/** Keys of a service that become something in lotse.yaml; their own readers say what they could not carry over. */
export const carriedKeys: readonly string[] = [
  ...[
    'image',
    'build',
    'command',
    'entrypoint',
    'working_dir',
    'environment',
    'env_file',
    'ports',
    'expose',
    'volumes',
  ],
  ...['healthcheck', 'depends_on', 'deploy', 'scale', 'mem_limit', 'cpus', 'stop_grace_period', 'restart', 'profiles'],
  ...['secrets', 'labels', 'extends'],
];

/** What is said about every other key of a service. A key that is in neither list is new to Lotse. */
export const otherKeys: Readonly<Record<string, KeyWord>> = {
  networks: ownNetwork,
  links: ownNetwork,
  external_links: ownNetwork,
  hostname: ownNetwork,
  domainname: ownNetwork,
  network_mode: [
    'lost',
    'a process of Lotse listens on this machine directly; what relied on the mode has to be looked at',
  ],
  extra_hosts: ['lost', 'names of the machine stand in its /etc/hosts'],
  dns: ['lost', 'names are resolved as the machine does'],
  dns_search: ['lost', 'names are resolved as the machine does'],
  dns_opt: ['lost', 'names are resolved as the machine does'],
  container_name: nobodySeesIt,
  annotations: nobodySeesIt,
  platform: nobodySeesIt,
  pull_policy: nobodySeesIt,
  attach: nobodySeesIt,
  init: ['not-needed', 'the whole group of processes is ended together'],
  tty: terminal,
  stdin_open: terminal,
  logging: ['not-needed', '`lotse logs` keeps and shows what services write'],
  develop: ['not-needed', '`lotse up dev` restarts a service when its files change'],
  user: ['not-needed', 'each environment runs as a user of its own when Lotse is started by root'],
  privileged: processRights,
  cap_add: processRights,
  cap_drop: processRights,
  security_opt: processRights,
  devices: processRights,
  device_cgroup_rules: processRights,
  group_add: processRights,
  userns_mode: processRights,
  pid: processRights,
  ipc: processRights,
  read_only: ['not-needed', 'a release is read-only by itself'],
  gpus: processRights,
  ulimits: machine,
  sysctls: machine,
  shm_size: machine,
  storage_opt: machine,
  oom_score_adj: machine,
  oom_kill_disable: machine,
  pids_limit: machine,
  mem_reservation: ['lost', 'memory is limited and not reserved'],
  memswap_limit: machine,
  mem_swappiness: machine,
  cpu_shares: ['lost', '`cpu` is a limit in cores; there are no shares'],
  cpu_quota: ['lost', 'write the limit in cores as `cpu`'],
  cpu_period: ['lost', 'write the limit in cores as `cpu`'],
  cpuset: machine,
  cgroup: machine,
  cgroup_parent: machine,
  blkio_config: machine,
  tmpfs: ['not-needed', 'TMPDIR is a folder of each copy'],
  volumes_from: ['lost', 'folders that two services share are stores; name them under `stores`'],
  configs: ['lost', 'a file of configuration belongs into the app’s folder, or its values under `config`'],
  stop_signal: ['lost', 'a service is asked to end by SIGTERM, always'],
  runtime: ['lost', 'there is no other container runtime'],
  isolation: nobodySeesIt,
  mac_address: nobodySeesIt,
  post_start: ['lost', 'there are no hooks; a job is started by `lotse run`'],
  pre_stop: ['lost', 'there are no hooks; a service hears SIGTERM and has its `drain`'],
  credential_spec: nobodySeesIt,
  label_file: nobodySeesIt,
  use_api_socket: processRights,
  provider: ['lost', 'what a provider brings has to be there already'],
  models: ['lost', 'models have to be there already'],
};
