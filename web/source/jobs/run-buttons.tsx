import { ScrollText, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useMay } from '../actions/action-buttons.tsx';
import { logsAddress } from '../logs/logs-address.ts';
import type { JobWish } from './job-dialogs.tsx';

interface RunButtonsProps {
  readonly place: { readonly app: string; readonly environment: string };
  readonly job: string;
  /** Its key. */
  readonly run: string;
  readonly isRunning: boolean;
  readonly onWish: (wish: JobWish) => void;
}

/** To its logs, and its end. */
export function RunButtons({ place, job, run, isRunning, onWish }: RunButtonsProps) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <span className="buttons run-buttons">
      <Link className="with-icon" href={logsAddress(place, { job: run })}>
        <ScrollText aria-hidden="true" />
        {t('jobs.logs')}
      </Link>
      {isRunning && may('operate') ? (
        <button type="button" className="button" onClick={() => onWish({ kind: 'cancel', job, run })}>
          <Square aria-hidden="true" />
          {t('jobs.cancel')}
        </button>
      ) : null}
    </span>
  );
}
