import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleDashed } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ChecklistsView } from '../../../src/capabilities/releases/checklist-api.ts';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { checklistsQuery } from '../api/settings-queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { usePersonName } from '../parts/use-person-name.ts';
import { useMay } from './action-buttons.tsx';
import { useAction } from './action-provider.tsx';

type Line = ChecklistsView['lists'][number]['lines'][number];

interface ChecklistLinesProps {
  readonly rollout: RolloutView;
  /** Id of the gate that the list belongs to. */
  readonly gate: string;
}

/** Each line of a checklist: who has signed it, or a button that does. */
export function ChecklistLines({ rollout, gate }: ChecklistLinesProps) {
  const query = useQuery(checklistsQuery(rollout, rollout.release));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={2} />}>
      {({ lists }) => {
        const list = lists.find((each) => each.gate === gate);
        return list === undefined ? null : (
          <ul className="checklist" aria-label={list.file}>
            {list.lines.map((line) => (
              <ChecklistRow key={line.id} line={line} rollout={rollout} />
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

function ChecklistRow({ line, rollout }: { readonly line: Line; readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const open = useAction();
  const may = useMay();
  const nameOf = usePersonName();
  const { id, text, signed } = line;
  return (
    <li data-signed={signed !== null}>
      {signed === null ? <CircleDashed aria-hidden="true" /> : <CircleCheck aria-hidden="true" />}
      <div>
        <p>{text}</p>
        {signed === null ? null : (
          <p className="quiet">
            {t('waiting.signedBy', { name: nameOf(signed.by) })} <Moment at={signed.at} />
            {signed.note === null ? null : `: ${signed.note}`}
          </p>
        )}
      </div>
      {signed === null && may('approve') ? (
        <button
          type="button"
          className="button"
          aria-label={t('waiting.signWhat', { text })}
          onClick={() => open({ kind: 'sign', rollout, line: { id, text } })}
        >
          {t('waiting.signOne')}
        </button>
      ) : null}
    </li>
  );
}
