import { useTranslation } from 'react-i18next';
import type { Role } from '../../../src/capabilities/accounts/accounts-api.ts';

/** In the order of how much they may do. */
const allRoles = ['viewer', 'developer', 'approver', 'operator', 'admin'] as const satisfies readonly Role[];

interface RoleChoiceProps {
  readonly chosen: readonly Role[];
  readonly onChange: (roles: readonly Role[]) => void;
}

/** Several roles may go together: who approves has been given that, admin or not. */
export function RoleChoice({ chosen, onChange }: RoleChoiceProps) {
  const { t } = useTranslation();
  return (
    <fieldset className="role-choice">
      <legend>{t('access.people.roles')}</legend>
      {allRoles.map((role) => (
        <label key={role} className="choice">
          <input
            type="checkbox"
            checked={chosen.includes(role)}
            onChange={({ target }) =>
              onChange(allRoles.filter((each) => (each === role ? target.checked : chosen.includes(each))))
            }
          />
          <span>
            {t(`access.role.${role}`)}
            <span className="quiet">{t(`access.roleMay.${role}`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
