import { z } from 'zod';
import type { AppName, EnvironmentName, UnixMs } from '../../core/ids.ts';
import type { SourceRequest } from './sources-api.ts';

/** A rule: a push to this branch of that repository goes to an environment. */
export interface Source {
  readonly app: AppName;
  readonly name: string;
  readonly kind: NonNullable<SourceRequest['kind']>;
  readonly address: string;
  readonly branch: string;
  readonly environment: EnvironmentName;
  /** Of the app inside the repository; empty: its root. */
  readonly folder: string;
  /** Names of secrets of builds. */
  readonly token: string | null;
  readonly key: string | null;
  readonly tells: boolean;
  readonly connectedAt: UnixMs;
}

/** How each kind says by header fields what it sends and by what it can be known. */
export const headersOf = {
  // https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
  github: { event: 'x-github-event', push: 'push', delivery: ['x-github-delivery'], signature: 'x-hub-signature-256' },
  // https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers
  gitlab: {
    event: 'x-gitlab-event',
    push: 'Push Hook',
    delivery: ['idempotency-key', 'x-gitlab-event-uuid'],
    signature: 'x-gitlab-token',
  },
  // https://docs.gitea.com/usage/webhooks#event-information
  gitea: { event: 'x-gitea-event', push: 'push', delivery: ['x-gitea-delivery'], signature: 'x-gitea-signature' },
} as const;

/** All three say a push alike. */
const pushed = z.object({ ref: z.string(), after: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/) });

/** What follows from a delivery. */
export type Judged =
  { readonly kind: 'deploy'; readonly commit: string } | { readonly kind: 'ignored'; readonly why: string };

/** Only a push to the branch of the rule is deployed, and not the one that deletes it. */
export function judgeDelivery({ kind, branch }: Pick<Source, 'kind' | 'branch'>, event: string, body: unknown): Judged {
  if (event !== headersOf[kind].push) return { kind: 'ignored', why: `${event || 'nothing named'} is no push` };
  const push = pushed.safeParse(body);
  if (!push.success) return { kind: 'ignored', why: 'the push names no ref and commit' };
  const { ref, after } = push.data;
  if (ref !== `refs/heads/${branch}`) return { kind: 'ignored', why: `${ref.slice(0, 200)} is not ${branch}` };
  if (/^0+$/.test(after)) return { kind: 'ignored', why: `${branch} was deleted` };
  return { kind: 'deploy', commit: after };
}
