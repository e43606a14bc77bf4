import { useQuery } from '@tanstack/react-query';
import { UserPlus, UserRound } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PersonView, SignInLinkView } from '../../../src/capabilities/accounts/accounts-api.ts';
import { meQuery, peopleQuery } from '../api/queries.ts';
import { formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { CopyCommand } from '../parts/copy-command.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { PageHead } from './page-head.tsx';
import { PersonDialog, type PersonWish } from './person-dialog.tsx';
import { RoleMarks } from './role-marks.tsx';

interface Invitation {
  readonly name: string;
  readonly link: SignInLinkView;
}

export function PeoplePage() {
  const { t } = useTranslation();
  const [wish, setWish] = useState<PersonWish | null>(null);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const people = useQuery(peopleQuery);
  const me = useQuery(meQuery).data;
  const isAdmin = me?.roles.includes('admin') === true;
  return (
    <>
      <PageHead title={t('access.people.title')} intro={t('access.people.intro')}>
        {isAdmin ? (
          <button type="button" className="button" data-look="primary" onClick={() => setWish({ kind: 'invite' })}>
            <UserPlus aria-hidden="true" />
            {t('access.people.invite')}
          </button>
        ) : null}
      </PageHead>
      {invitation === null ? null : <InvitationNotice invitation={invitation} />}
      <Loaded query={people} skeleton={<Skeleton lines={6} />}>
        {(all) => (
          <ul className="access-list access-board">
            {all.map((person) => (
              <PersonRow
                key={person.id}
                person={person}
                isMe={person.id === me?.id}
                onWish={isAdmin ? (kind) => setWish({ kind, person }) : null}
              />
            ))}
          </ul>
        )}
      </Loaded>
      {wish === null ? null : (
        <PersonDialog
          wish={wish}
          onInvited={(name, link) => setInvitation({ name, link })}
          onClose={() => setWish(null)}
        />
      )}
    </>
  );
}

function InvitationNotice({ invitation: { name, link } }: { readonly invitation: Invitation }) {
  const { t } = useTranslation();
  const language = useLocale();
  return (
    <div className="notice">
      <output>{t('access.people.invited', { name, time: formatMoment(link.expiresAt, language) })}</output>
      <CopyCommand command={link.url} />
    </div>
  );
}

interface PersonRowProps {
  readonly person: PersonView;
  readonly isMe: boolean;
  readonly onWish: ((kind: 'link' | 'change' | 'disable' | 'enable') => void) | null;
}

function PersonRow({ person, isMe, onWish }: PersonRowProps) {
  const { t } = useTranslation();
  const { name } = person;
  const isDisabled = person.disabledAt !== null;
  const kinds = isDisabled
    ? (['enable'] as const)
    : (['link', 'change', ...(isMe ? [] : (['disable'] as const))] as const);
  return (
    <li data-disabled={isDisabled}>
      <UserRound aria-hidden="true" />
      <div className="access-what">
        <p>
          {name} {isMe ? <span className="access-mark">{t('access.people.you')}</span> : null}
          {isDisabled ? <span className="access-mark">{t('access.people.disabled')}</span> : null}
        </p>
        {person.mail === null ? null : <p className="quiet">{person.mail}</p>}
        <RoleMarks roles={person.roles} />
      </div>
      {onWish === null ? null : (
        <div className="buttons">
          {kinds.map((kind) => (
            <button
              key={kind}
              type="button"
              className="button"
              aria-label={t(`access.people.${kind}What`, { name })}
              onClick={() => onWish(kind)}
            >
              {t(`access.people.${kind}`)}
            </button>
          ))}
        </div>
      )}
    </li>
  );
}
