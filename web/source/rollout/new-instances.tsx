import { ScrollText } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { logsAddress } from '../logs/logs-address.ts';
import { Skeleton } from '../parts/skeleton.tsx';
import { useNow } from '../parts/use-now.ts';
import { hasEnded } from './step-progress.ts';
import { later } from '../parts/later.ts';

const LogPanel = lazy(async () => ({ default: (await later.logPanel()).LogPanel }));

/** The log of what the rollout has started, on demand: it is a stream of its own. */
export function NewInstances({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const now = useNow(null);
  const { revision, release, startedAt } = rollout;
  const hasStarted = rollout.steps.some((step) => step.phase === 'start' && step.startedAt !== null);
  if (!hasStarted || (hasEnded(rollout) && now - startedAt > keptMs)) return null;
  return (
    <details className="new-instances" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="button">
        <ScrollText aria-hidden="true" />
        {t('rollout.newLogs', { release })}
      </summary>
      {isOpen ? (
        <Suspense fallback={<Skeleton lines={4} />}>
          <LogPanel place={rollout} wish={{ revision }} />
          <Link href={logsAddress(rollout, { revision })}>{t('rollout.allLogs')}</Link>
        </Suspense>
      ) : null}
    </details>
  );
}

/** Of a rollout that ended long ago the instances have gone, in milliseconds. */
const keptMs = 86_400_000;
