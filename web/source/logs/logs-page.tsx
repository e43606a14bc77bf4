import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLocation, useSearch } from 'wouter';
import type { EnvironmentViewModel, RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { rolloutsQuery } from '../api/queries.ts';
import { InEnvironment } from '../parts/in-environment.tsx';
import { LogPanel } from './log-panel.tsx';
import { logsAddress, type LogWish } from './logs-address.ts';

interface LogsPageProps {
  readonly app: string;
  readonly wanted: string | null;
}

/** The live tail of any service, release or run. */
export function LogsPage({ app, wanted }: LogsPageProps) {
  return (
    <InEnvironment app={app} page="logs" wanted={wanted}>
      {(environment) => <Logs key={environment.environment} app={app} environment={environment} />}
    </InEnvironment>
  );
}

function Logs({ app, environment }: { readonly app: string; readonly environment: EnvironmentViewModel }) {
  const wish = useWish();
  const place = { app, environment: environment.environment };
  return (
    <>
      <Narrowing environment={environment} wish={wish} />
      <LogPanel key={JSON.stringify(wish)} place={place} wish={wish} />
    </>
  );
}

/** It stands in the address, so that it can be shared and gone back to. */
function useWish(): LogWish {
  const search = new URLSearchParams(useSearch());
  const [service, revision, job] = [search.get('service'), search.get('revision'), search.get('job')];
  return {
    ...(service === null ? {} : { service }),
    ...(revision === null ? {} : { revision }),
    ...(job === null ? {} : { job }),
  };
}

function Narrowing({ environment, wish }: { readonly environment: EnvironmentViewModel; readonly wish: LogWish }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const rollouts = useQuery(rolloutsQuery(environment.app)).data ?? [];
  const go = (next: LogWish) => navigate(logsAddress(environment, next), { replace: true });
  if (wish.job !== undefined) {
    return (
      <p className="log-job">
        {t('logs.ofJob', { job: wish.job.split('/').at(-2) ?? wish.job })} <code>{wish.job.split('/').at(-1)}</code>
        <button type="button" className="button" onClick={() => go({})}>
          <X aria-hidden="true" />
          {t('logs.allServices')}
        </button>
      </p>
    );
  }
  return (
    <div className="filters">
      <Choice
        label={t('logs.service')}
        all={t('logs.allServices')}
        value={wish.service}
        options={environment.services.map(({ service }) => [service, service])}
        onChoose={(service) => go({ ...without(wish, 'service'), ...(service === null ? {} : { service }) })}
      />
      <Choice
        label={t('logs.release')}
        all={t('logs.allReleases')}
        value={wish.revision}
        options={revisionsOf(environment, rollouts)}
        onChoose={(revision) => go({ ...without(wish, 'revision'), ...(revision === null ? {} : { revision }) })}
      />
    </div>
  );
}

function without(wish: LogWish, part: keyof LogWish): LogWish {
  return Object.fromEntries(Object.entries(wish).filter(([name]) => name !== part));
}

const mostRevisions = 12;

/** What runs here, and what ran lately: each revision with its release. */
function revisionsOf(environment: EnvironmentViewModel, rollouts: readonly RolloutView[]) {
  const known = new Map(environment.shares.map(({ revision, release }) => [revision, release]));
  const here = rollouts.filter((rollout) => rollout.environment === environment.environment);
  for (const { revision, release } of here.slice(0, mostRevisions)) {
    if (!known.has(revision)) known.set(revision, release);
  }
  return [...known].map(([revision, release]) => [revision, `${release} (${revision})`] as const);
}

interface ChoiceProps {
  readonly label: string;
  readonly all: string;
  readonly value: string | undefined;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChoose: (value: string | null) => void;
}

function Choice({ label, all, value, options, onChoose }: ChoiceProps) {
  const isKnown = value === undefined || options.some(([option]) => option === value);
  return (
    <label className="select">
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => onChoose(event.target.value === '' ? null : event.target.value)}>
        <option value="">{all}</option>
        {isKnown ? null : <option value={value}>{value}</option>}
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
