import { useTranslation } from 'react-i18next';
import type { Role } from '../../../src/capabilities/accounts/accounts-api.ts';

export function RoleMarks({ roles }: { readonly roles: readonly Role[] }) {
  const { t } = useTranslation();
  if (roles.length === 0) return null;
  return (
    <ul className="role-marks" aria-label={t('access.people.roles')}>
      {roles.map((role) => (
        <li key={role} title={t(`access.roleMay.${role}`)}>
          {t(`access.role.${role}`)}
        </li>
      ))}
    </ul>
  );
}
