/**
 * Edits (insert, delete, replace, swap neighbours) between two short words: the optimal string alignment distance.
 * Source: E. Ukkonen, "Algorithms for approximate string matching", 1985, with transpositions.
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last: number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row: number[] = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The candidate that was probably meant; null when none is near enough (a third of the letters, at least one). */
export function nearestOf(word: string, candidates: Iterable<string>): string | null {
  if (word.length > 60) return null;
  let nearest: string | null = null;
  let nearestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** What other tools call it, and what it is called here. */
const otherWords: Readonly<Record<string, string>> = {
  cmd: 'run',
  command: 'run',
  entrypoint: 'run',
  exec: 'run',
  script: 'run',
  start: 'run',
  cron: 'schedule',
  timeout: 'within',
  deadline: 'within',
  env: 'config',
  environment: 'config',
  variables: 'config',
  vars: 'config',
  ports: 'port',
  expose: 'port',
  replicas: 'instances',
  scale: 'instances',
  count: 'instances',
  concurrency: 'instances',
  ram: 'memory',
  cpus: 'cpu',
  volumes: 'stores',
  databases: 'stores',
  healthcheck: 'ready',
  health: 'ready',
  readiness: 'ready',
  liveness: 'live',
  prefix: 'path',
  route: 'path',
  directory: 'root',
  dir: 'root',
  workdir: 'root',
  working_dir: 'root',
  hosts: 'domains',
  hostnames: 'domains',
  domain: 'domains',
  host: 'domains',
  needs: 'after',
  depends_on: 'after',
  stages: 'environments',
  cronjobs: 'jobs',
  tasks: 'jobs',
  processes: 'services',
  apps: 'services',
  tests: 'verify',
  test: 'verify',
  approvals: 'approval',
  reviewers: 'approval',
  name: 'app',
  project: 'app',
  tz: 'timezone',
  stop_timeout: 'drain',
  grace: 'drain',
  sticky: 'stickiness',
};

/** The valid key that was probably meant: by another tool's word for it, else by spelling. */
export function nearestKey(word: string, keys: readonly string[]): string | null {
  const known = Object.hasOwn(otherWords, word) ? otherWords[word] : undefined;
  return known !== undefined && keys.includes(known) ? known : nearestOf(word, keys);
}
