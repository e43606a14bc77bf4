import { LotseError } from '../../../core/errors.ts';
import { askForge } from '../ask-forge.ts';
import { contextOf, type CommitReport, type ForgeRepository, type Reported, type Standing } from '../forges.ts';

/** `repoCreateStatus` of https://docs.gitea.com/api */
const states = {
  waiting: 'pending',
  running: 'pending',
  live: 'success',
  failed: 'failure',
  returned: 'failure',
  superseded: 'warning',
  stranded: 'error',
} as const satisfies Record<Standing, string>;

/** A status beside the commit. Gitea and Forgejo know no deployments. */
export async function reportToGitea(
  { api, path, token }: ForgeRepository,
  report: CommitReport,
  signal: AbortSignal,
): Promise<Reported> {
  const url = `${api}/repos/${path}/statuses/${report.commit}`;
  const status = {
    ...{ state: states[report.standing], context: contextOf(report), description: report.note.slice(0, 200) },
    target_url: report.url ?? '',
  };
  const headers = { authorization: `token ${token.reveal()}` };
  const answer = await askForge({ method: 'POST', url, headers, body: status }, signal);
  if (answer.kind === 'later') return answer;
  if (answer.kind === 'refused') throw new LotseError('conflict', answer.why);
  return { kind: 'told', deployment: null };
}
