import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PersonView, Role, SignInLinkView } from '../../../src/capabilities/accounts/accounts-api.ts';
import { callApi } from '../api/call-api.ts';
import { ask } from '../api/parse-answers.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { TextField } from '../parts/text-field.tsx';
import { RoleChoice } from './role-choice.tsx';

export type PersonWish =
  | { readonly kind: 'invite' }
  | { readonly kind: 'link' | 'change' | 'disable' | 'enable'; readonly person: PersonView };

/** How long an invitation counts, in milliseconds. */
const invitationMs = 3 * 86_400_000;

interface PersonDialogProps {
  readonly wish: PersonWish;
  readonly onInvited: (name: string, link: SignInLinkView) => void;
  readonly onClose: () => void;
}

export function PersonDialog({ wish, onInvited, onClose }: PersonDialogProps) {
  switch (wish.kind) {
    case 'invite':
      return <InviteDialog onInvited={onInvited} onClose={onClose} />;
    case 'change':
      return <RolesDialog person={wish.person} onClose={onClose} />;
    case 'link':
      return <LinkDialog person={wish.person} onInvited={onInvited} onClose={onClose} />;
    case 'disable':
    case 'enable':
      return <SwitchDialog person={wish.person} kind={wish.kind} onClose={onClose} />;
  }
}

function InviteDialog({ onInvited, onClose }: Omit<PersonDialogProps, 'wish'>) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [mail, setMail] = useState('');
  const [roles, setRoles] = useState<readonly Role[]>(['developer']);
  return (
    <ChangeDialog
      title={t('access.people.invite')}
      what={t('access.people.inviteHappens')}
      confirm={t('access.people.invite')}
      isReady={name.trim() !== '' && roles.length > 0}
      reason="none"
      perform={async () => {
        const json = { name: name.trim(), mail: mail.trim() === '' ? null : mail.trim(), roles };
        const person = await ask('POST /people', { json });
        onInvited(person.name, await invitationFor(person.id));
        await queries.invalidateQueries({ queryKey: keys.people });
      }}
      onClose={onClose}
    >
      <TextField label={t('access.people.name')} value={name} onChange={setName} isFirst />
      <TextField label={t('access.people.mail')} value={mail} onChange={setMail} />
      <RoleChoice chosen={roles} onChange={setRoles} />
    </ChangeDialog>
  );
}

interface AboutPerson {
  readonly person: PersonView;
  readonly onClose: () => void;
}

function LinkDialog({ person, onInvited, onClose }: AboutPerson & Pick<PersonDialogProps, 'onInvited'>) {
  const { t } = useTranslation();
  const { name } = person;
  return (
    <ChangeDialog
      title={t('access.people.linkWhat', { name })}
      what={t('access.people.linkHappens', { name })}
      confirm={t('access.people.link')}
      reason="none"
      perform={async () => onInvited(name, await invitationFor(person.id))}
      onClose={onClose}
    />
  );
}

function RolesDialog({ person, onClose }: AboutPerson) {
  const { t } = useTranslation();
  const change = useChangePerson(person.id);
  const [roles, setRoles] = useState<readonly Role[]>(person.roles);
  return (
    <ChangeDialog
      title={t('access.people.changeWhat', { name: person.name })}
      what={t('access.people.changeHappens')}
      confirm={t('access.people.change')}
      isReady={roles.length > 0}
      perform={(reason) => change({ roles, reason })}
      onClose={onClose}
    >
      <RoleChoice chosen={roles} onChange={setRoles} />
    </ChangeDialog>
  );
}

function SwitchDialog({ person, kind, onClose }: AboutPerson & { readonly kind: 'disable' | 'enable' }) {
  const { t } = useTranslation();
  const change = useChangePerson(person.id);
  const { name } = person;
  return (
    <ChangeDialog
      title={t(`access.people.${kind}What`, { name })}
      what={t(`access.people.${kind}Happens`, { name })}
      confirm={t(`access.people.${kind}`)}
      isDangerous={kind === 'disable'}
      perform={(reason) => change({ disabled: kind === 'disable', reason })}
      onClose={onClose}
    />
  );
}

async function invitationFor(person: string): Promise<SignInLinkView> {
  return await ask('POST /sign-in-links', { json: { person, validMs: invitationMs } });
}

function useChangePerson(person: string) {
  const queries = useQueryClient();
  return async (json: object) => {
    await callApi('PATCH /people/:person', { path: { person }, json });
    await queries.invalidateQueries({ queryKey: keys.people });
  };
}
