import { useQuery } from '@tanstack/react-query';
import { BellRing, HeartPulse, Hourglass, MailCheck, MailX, Send } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type {
  NotificationListView,
  NotificationView,
} from '../../../src/capabilities/notifications/notifications-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { callApi } from '../api/call-api.ts';
import { notificationsQuery } from '../api/settings-queries.ts';
import { formatClock } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { Chip } from '../parts/chip.tsx';
import { InEnvironment } from '../parts/in-environment.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';

interface NotificationsPageProps {
  readonly app: string;
  readonly wanted: string | null;
}

/** Who is told, whether it got there, and a test that shows it. */
export function NotificationsPage({ app, wanted }: NotificationsPageProps) {
  return (
    <InEnvironment app={app} page="notifications" wanted={wanted}>
      {({ environment }) => <Notifications key={environment} app={app} environment={environment} />}
    </InEnvironment>
  );
}

function Notifications({ app, environment }: { readonly app: string; readonly environment: string }) {
  const query = useQuery(notificationsQuery({ app, environment }));
  const [isTesting, setTesting] = useState(false);
  return (
    <Loaded query={query} skeleton={<Skeleton lines={9} />}>
      {(list) => (
        <>
          <Receivers list={list} onTest={() => setTesting(true)} />
          <Outbox messages={list.messages} />
          {isTesting ? (
            <TestDialog
              app={app}
              environment={environment}
              count={list.receivers.length}
              onClose={() => setTesting(false)}
            />
          ) : null}
        </>
      )}
    </Loaded>
  );
}

function Receivers({ list, onTest }: { readonly list: NotificationListView; readonly onTest: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { receivers, heartbeat } = list;
  if (receivers.length === 0 && heartbeat === null) {
    return (
      <section className="empty">
        <h2>{t('notifications.nobody')}</h2>
        <p>{t('notifications.nobodyHint')}</p>
      </section>
    );
  }
  return (
    <section className="card" aria-labelledby="receivers-title">
      <div className="card-head">
        <h2 id="receivers-title">{t('notifications.receivers')}</h2>
        {may('operate') && receivers.length > 0 ? (
          <button type="button" className="button" onClick={onTest}>
            <Send aria-hidden="true" />
            {t('notifications.test')}
          </button>
        ) : null}
      </div>
      <ul className="receivers">
        {receivers.map((receiver) => (
          <li key={receiver}>
            <BellRing aria-hidden="true" />
            {receiver}
          </li>
        ))}
        {heartbeat === null ? null : <Heartbeat heartbeat={heartbeat} />}
      </ul>
    </section>
  );
}

function Heartbeat({ heartbeat }: { readonly heartbeat: NonNullable<NotificationListView['heartbeat']> }) {
  const { t } = useTranslation();
  const { lastAt, problem } = heartbeat;
  return (
    <li>
      <HeartPulse aria-hidden="true" />
      <span>
        {t('notifications.heartbeat')}{' '}
        <span className="quiet">
          {lastAt === null ? t('notifications.noBeat') : <Moment at={lastAt} />}
          {problem === null ? null : `: ${problem}`}
        </span>
      </span>
    </li>
  );
}

function Outbox({ messages }: { readonly messages: readonly NotificationView[] }) {
  const { t } = useTranslation();
  return (
    <section className="block" aria-labelledby="outbox-title">
      <h2 id="outbox-title" className="label">
        {t('notifications.outbox')}
      </h2>
      {messages.length === 0 ? (
        <p className="quiet">{t('notifications.noMessages')}</p>
      ) : (
        <ul className="rows">
          {messages.map((message) => (
            <MessageRow key={message.id} message={message} />
          ))}
        </ul>
      )}
    </section>
  );
}

const looks = {
  waiting: { icon: Hourglass, tone: 'moving' },
  delivered: { icon: MailCheck, tone: 'good' },
  failed: { icon: MailX, tone: 'bad' },
} as const;

function MessageRow({ message }: { readonly message: NotificationView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const { title, receiver, state, createdAt, attempts, nextTryAt, problem } = message;
  return (
    <li className="row">
      <div className="row-what">
        <p className="row-name">{title}</p>
        <p className="quiet">{receiver}</p>
      </div>
      <div className="row-value">
        <p className="row-chips">
          <Chip tone={looks[state].tone} icon={looks[state].icon}>
            {t(`notifications.state.${state}`)}
          </Chip>
          <span className="quiet">
            <Moment at={createdAt} />
            {attempts > 1 ? `, ${t('notifications.attempts', { count: attempts })}` : ''}
          </span>
        </p>
        {problem === null ? null : <p className="row-problem">{problem}</p>}
        {nextTryAt === null ? null : (
          <p className="quiet">{t('notifications.nextTry', { time: formatClock(nextTryAt, language) })}</p>
        )}
      </div>
    </li>
  );
}

interface TestDialogProps {
  readonly app: string;
  readonly environment: string;
  readonly count: number;
  readonly onClose: () => void;
}

function TestDialog({ app, environment, count, onClose }: TestDialogProps) {
  const { t } = useTranslation();
  return (
    <ChangeDialog
      app={app}
      title={t('notifications.testTitle', { environment })}
      what={t('notifications.testHappens', { count })}
      confirm={t('notifications.test')}
      reason="none"
      perform={() =>
        callApi('POST /apps/:app/environments/:environment/notifications/test', { path: { app, environment } })
      }
      onClose={onClose}
    />
  );
}
