import { z } from 'zod';
import { LotseError, toLotseError } from '../core/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

const answerMs = 10_000;
const answered = z.object({ value: z.string().min(1) });

/**
 * What the CI has signed about the job that runs: GitHub hands it out at an address that the job is given
 * (`permissions: id-token: write`), GitLab in a variable (`id_tokens`), which is called LOTSE_ID_TOKEN.
 * Errors: `bad-input` outside of such a job, `unreachable`.
 */
export async function identityToken(env: Env, audience: string): Promise<string> {
  const { LOTSE_ID_TOKEN: given, ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env;
  if (given !== undefined && given !== '') return given;
  if (url !== undefined && token !== undefined) return await askGitHub(url, token, audience);
  throw new LotseError('bad-input', 'This is no job that a CI has signed anything about', {
    hint: [
      'GitHub: permissions: { id-token: write }',
      `GitLab: id_tokens: { LOTSE_ID_TOKEN: { aud: ${audience} } }`,
    ].join('\n'),
  });
}

async function askGitHub(address: string, token: string, audience: string): Promise<string> {
  const url = new URL(address);
  url.searchParams.set('audience', audience);
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      signal: AbortSignal.timeout(answerMs),
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return answered.parse(await response.json()).value;
  } catch (thrown) {
    throw new LotseError('unreachable', `GitHub hands out no identity token: ${toLotseError(thrown).message}`, {
      retriable: true,
      cause: thrown,
    });
  }
}
