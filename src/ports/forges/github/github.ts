import { LotseError } from '../../../core/errors.ts';
import { askForge, type ForgeAnswer, type ForgeQuestion } from '../ask-forge.ts';
import { contextOf, type CommitReport, type ForgeRepository, type Reported, type Standing } from '../forges.ts';

/** https://docs.github.com/en/rest/commits/statuses#create-a-commit-status */
const statuses = {
  waiting: 'pending',
  running: 'pending',
  live: 'success',
  failed: 'failure',
  returned: 'failure',
  superseded: 'failure',
  stranded: 'error',
} as const satisfies Record<Standing, string>;

/** https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status */
const deploymentStates = {
  waiting: 'queued',
  running: 'in_progress',
  live: 'success',
  failed: 'failure',
  returned: 'failure',
  superseded: 'inactive',
  stranded: 'error',
} as const satisfies Record<Standing, string>;

/** A status beside the commit, and for a rollout a deployment with its own. */
export async function reportToGithub(
  repository: ForgeRepository,
  report: CommitReport,
  signal: AbortSignal,
): Promise<Reported> {
  const ask = (method: ForgeQuestion['method'], path: string, body?: unknown) =>
    askForge(
      { method, url: `${repository.api}/repos/${repository.path}${path}`, headers: headersOf(repository), body },
      signal,
    );
  const description = report.note.slice(0, 140);
  const status = { state: statuses[report.standing], context: contextOf(report), description, target_url: report.url };
  const said = await ask('POST', `/statuses/${report.commit}`, status);
  if (said.kind === 'later') return said;
  taken(said);
  if (!report.isRollout) return { kind: 'told', deployment: null };
  const deployment = await findDeployment(ask, report);
  if (typeof deployment !== 'string') return deployment;
  const state = { state: deploymentStates[report.standing], description, environment: report.environment };
  const url = report.url === null ? {} : { environment_url: report.url };
  const moved = await ask('POST', `/deployments/${deployment}/statuses`, { ...state, ...url, auto_inactive: true });
  if (moved.kind === 'later') return moved;
  taken(moved);
  return { kind: 'told', deployment };
}

type Ask = (method: ForgeQuestion['method'], path: string, body?: unknown) => Promise<ForgeAnswer>;

/** One that was made by an attempt whose answer got lost is found again by what was written into it. */
async function findDeployment(ask: Ask, report: CommitReport): Promise<string | Extract<Reported, { kind: 'later' }>> {
  if (report.deployment !== null) return report.deployment;
  const query = new URLSearchParams({ sha: report.commit, environment: report.environment, task: 'deploy' });
  const listed = await ask('GET', `/deployments?${query.toString()}`);
  if (listed.kind === 'later') return listed;
  const known = arrayOf(taken(listed)).find((each) => read(read(each, 'payload'), 'lotse') === report.subject);
  if (known !== undefined) return String(read(known, 'id'));
  // No merge of the default branch, and no other checks: whether it may go out is decided by gates, not here.
  const made = await ask('POST', '/deployments', {
    ...{ ref: report.commit, task: 'deploy', auto_merge: false, required_contexts: [] },
    ...{ environment: report.environment, description: report.note.slice(0, 140), payload: { lotse: report.subject } },
  });
  return made.kind === 'later' ? made : String(read(taken(made), 'id'));
}

function headersOf({ token }: ForgeRepository): Readonly<Record<string, string>> {
  return {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token.reveal()}`,
    'x-github-api-version': '2022-11-28',
  };
}

function taken(answer: Exclude<ForgeAnswer, { kind: 'later' }>): unknown {
  if (answer.kind === 'done') return answer.body;
  throw new LotseError('conflict', answer.why);
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function read(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
