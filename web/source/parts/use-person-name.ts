import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { meQuery, peopleQuery } from '../api/queries.ts';

/** The journal keeps ids; names lie elsewhere and can be erased. An id without a name stays, shortened. */
export function usePersonName(): (id: string) => string {
  const { t } = useTranslation();
  const people = useQuery(peopleQuery).data ?? [];
  const me = useQuery(meQuery).data;
  return (id) => {
    if (id === 'lotse') return t('journal.system');
    if (me?.id === id) return me.name;
    return people.find((person) => person.id === id)?.name ?? shortened(id);
  };
}

/** Messages of the server name people by their ids. */
export function useNamedText(): (text: string) => string {
  const people = useQuery(peopleQuery).data ?? [];
  return (text) => people.reduce((named, { id, name }) => named.replaceAll(id, name), text);
}

function shortened(id: string): string {
  return id.length > 20 ? `${id.slice(0, 8)}…` : id;
}
