import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';
import type { NotifyDefinition } from '../../manifest/app-manifest.ts';
import type { Address } from '../../ports/notifications/notifications.ts';

/** The value of a secret of the environment, or of its config; null: there is none. */
export type FindValue = (scope: Scope, name: string) => Promise<Secret | null>;

/** Who is told, by the names under which the outbox keeps their messages. */
export function receiversOf(notify: NotifyDefinition): readonly string[] {
  const ways = (['slack', 'teams', 'ntfy', 'pagerduty', 'webhook'] as const).filter((way) => notify[way] !== null);
  return [...notify.mail.map((address) => `mail ${address}`), ...ways];
}

/** Where a message to a receiver goes now. Errors: `not-found` (its value is missing), `conflict` (it is not told any more). */
export async function addressOf(
  {
    scope,
    notify,
    find,
  }: { readonly scope: Scope; readonly notify: NotifyDefinition | null; readonly find: FindValue },
  receiver: string,
): Promise<Address> {
  if (notify === null || !receiversOf(notify).includes(receiver))
    throw new LotseError('conflict', `lotse.yaml does not name ${receiver.split(' ')[0]} any more`);
  const need = async (name: string | null | undefined) => await needed(scope, name ?? '', find);
  switch (receiver) {
    case 'slack':
    case 'teams':
    case 'ntfy':
    case 'pagerduty':
      return { kind: receiver, url: await need(notify[receiver]) };
    case 'webhook':
      return { kind: 'webhook', url: await need(notify.webhook?.url), key: await need(notify.webhook?.key) };
    default: {
      const to = receiver.replace(/^mail /, '');
      return { kind: 'mail', to, from: notify.from ?? notify.mail[0] ?? to, server: await need(notify.smtp) };
    }
  }
}

async function needed(scope: Scope, name: string, find: FindValue): Promise<Secret> {
  const value = await find(scope, name);
  if (value !== null) return value;
  throw new LotseError('not-found', `${scope.environment} has no value for ${name}`, {
    hint: `Give it one: \`lotse secret set ${name} ${scope.environment}\`.`,
  });
}
