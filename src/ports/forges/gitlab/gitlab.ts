import { LotseError } from '../../../core/errors.ts';
import { askForge, type ForgeAnswer, type ForgeQuestion } from '../ask-forge.ts';
import { contextOf, type CommitReport, type ForgeRepository, type Reported, type Standing } from '../forges.ts';

/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status */
const statuses = {
  waiting: 'pending',
  running: 'running',
  live: 'success',
  failed: 'failed',
  returned: 'failed',
  stranded: 'failed',
  superseded: 'canceled',
} as const satisfies Record<Standing, string>;

/** https://docs.gitlab.com/api/deployments/#create-a-deployment: the same words, but it cannot be waited for. */
const deploymentStates = { ...statuses, waiting: 'running' } as const;

/** A status beside the commit, and for a rollout a deployment of its environment. */
export async function reportToGitlab(
  repository: ForgeRepository,
  report: CommitReport,
  signal: AbortSignal,
): Promise<Reported> {
  const project = `${repository.api}/projects/${encodeURIComponent(repository.path)}`;
  const headers = { 'private-token': repository.token.reveal() };
  const ask = (method: ForgeQuestion['method'], path: string, body?: unknown) =>
    askForge({ method, url: `${project}${path}`, headers, body }, signal);
  const status = {
    ...{ state: statuses[report.standing], name: contextOf(report), description: report.note.slice(0, 255) },
    ...(report.url === null ? {} : { target_url: report.url }),
  };
  const said = await ask('POST', `/statuses/${report.commit}`, status);
  if (said.kind === 'later') return said;
  takenOrThere(said);
  return report.isRollout ? await reportDeployment(ask, report) : { kind: 'told', deployment: null };
}

type Ask = (method: ForgeQuestion['method'], path: string, body?: unknown) => Promise<ForgeAnswer>;

async function reportDeployment(ask: Ask, report: CommitReport): Promise<Reported> {
  const status = deploymentStates[report.standing];
  const found = report.deployment ?? (await findRunning(ask, report));
  if (typeof found === 'object' && found !== null) return found;
  if (found === null) {
    const { commit: sha, environment } = report;
    // It asks for a branch, and takes a commit for one.
    const made = await ask('POST', '/deployments', { sha, ref: sha, tag: false, environment, status });
    if (made.kind === 'later') return made;
    if (made.kind === 'refused') throw new LotseError('conflict', made.why);
    return { kind: 'told', deployment: String(read(made.body, 'id')) };
  }
  const moved = await ask('PUT', `/deployments/${found}`, { status });
  if (moved.kind === 'later') return moved;
  takenOrThere(moved);
  return { kind: 'told', deployment: found };
}

/** One that was made by an attempt whose answer got lost. */
async function findRunning(ask: Ask, report: CommitReport) {
  const query = new URLSearchParams({
    environment: report.environment,
    status: 'running',
    order_by: 'id',
    sort: 'desc',
  });
  const listed = await ask('GET', `/deployments?${query.toString()}`);
  if (listed.kind === 'later') return listed;
  const all: unknown = listed.kind === 'done' ? listed.body : [];
  const own = (Array.isArray(all) ? all : []).find((each: unknown) => read(each, 'sha') === report.commit);
  return own === undefined ? null : String(read(own, 'id'));
}

/** A status that stands already cannot be set again: GitLab calls that a transition that there is not. */
function takenOrThere(answer: Exclude<ForgeAnswer, { kind: 'later' }>): void {
  if (answer.kind === 'done' || (answer.status === 400 && /cannot transition status/i.test(answer.why))) return;
  throw new LotseError('conflict', answer.why);
}

function read(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
