import { CircleCheck, CircleDashed, CirclePause, Link2, Wrench } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { RollBackButton } from '../actions/action-buttons.tsx';
import { Chip } from '../parts/chip.tsx';
import { Moment } from '../parts/moment.tsx';
import { ReleaseName } from '../parts/release-name.tsx';
import { hasEnded } from '../rollout/step-progress.ts';
import { Certificates } from './certificates.tsx';
import { LaneRollout, LatestRollout } from './lane-rollout.tsx';
import { Overrides } from './overrides.tsx';
import { ProxyOrders } from './proxy-orders.tsx';
import { Services } from './services.tsx';
import { TrafficShares } from './traffic-shares.tsx';

const mostAddresses = 3;

interface LaneProps {
  readonly environment: EnvironmentViewModel;
  /** Commit message of the release that serves. */
  readonly subject: string | null;
}

/** One environment: what users get, what runs, what moves. */
export function Lane({ environment, subject }: LaneProps) {
  const { rollout } = environment;
  const isUnderWay = rollout !== null && !hasEnded(rollout);
  const titleId = `lane-${environment.environment}`;
  const isOnlyAdopted = environment.mode === 'adopted' && environment.services.length === 0;
  return (
    <section className="lane" aria-labelledby={titleId} data-environment={environment.environment}>
      <LaneHead environment={environment} titleId={titleId} />
      <ProxyOrders environment={environment.environment} orders={environment.proxyOrders} />
      <div className="lane-body">
        <div className="lane-column">
          <Serving environment={environment} subject={subject} />
          <Certificates environment={environment} />
          {rollout === null || isUnderWay ? null : <LatestRollout rollout={rollout} />}
        </div>
        <div className="lane-column">
          {environment.shares.length > 1 ? <TrafficShares shares={environment.shares} /> : null}
          {isOnlyAdopted ? null : <Services environment={environment} />}
        </div>
        <Overrides overrides={environment.overrides} />
      </div>
      {isUnderWay ? <LaneRollout rollout={rollout} /> : null}
    </section>
  );
}

function LaneHead({ environment, titleId }: { readonly environment: EnvironmentViewModel; readonly titleId: string }) {
  const { t } = useTranslation();
  const { after, addresses, domains } = environment;
  return (
    <header className="lane-head">
      <div>
        <h2 id={titleId}>{environment.environment}</h2>
        {after === null ? null : <p className="quiet lane-after">{t('overview.after', { environment: after })}</p>}
      </div>
      <ul className="addresses" aria-label={t('overview.addresses')}>
        {addresses.slice(0, mostAddresses).map((address) => (
          <li key={address}>
            <a href={address} target="_blank" rel="noreferrer">
              {address.replace(/^https?:\/\//, '').replace(/\/$/, '')}
            </a>
          </li>
        ))}
        {/* Before the first release nothing answers by these names. */}
        {(addresses.length > 0 ? [] : domains.slice(0, mostAddresses)).map((domain) => (
          <li key={domain} className="quiet">
            {domain}
          </li>
        ))}
      </ul>
      <RollBackButton environment={environment} />
    </header>
  );
}

function Serving({ environment, subject }: LaneProps) {
  const { t } = useTranslation();
  const { release, since, verified, upstream } = environment;
  const isAdopted = environment.mode === 'adopted';
  if (release === null) {
    return (
      <div className="serving">
        <p className="serving-release quiet">{t('overview.nothingServes')}</p>
        <ModeChip mode={environment.mode} />
      </div>
    );
  }
  return (
    <div className="serving">
      <p className="serving-release">
        <ReleaseName id={release} />
      </p>
      {subject === null ? null : <p className="serving-subject">{subject}</p>}
      {isAdopted ? <p className="serving-subject">{t('overview.adoptedAt', { address: upstream ?? '' })}</p> : null}
      <p className="serving-facts">
        <ModeChip mode={environment.mode} />
        {isAdopted ? null : <VerifiedChip isVerified={verified} />}
        {since === null ? null : (
          <span className="quiet">
            <Moment at={since} />
          </span>
        )}
      </p>
    </div>
  );
}

function VerifiedChip({ isVerified }: { readonly isVerified: boolean }) {
  const { t } = useTranslation();
  return isVerified ? (
    <Chip tone="good" icon={CircleCheck}>
      {t('overview.verified')}
    </Chip>
  ) : (
    <Chip tone="plain" icon={CircleDashed}>
      {t('overview.notVerified')}
    </Chip>
  );
}

/** Serving is the ordinary case and says itself. */
function ModeChip({ mode }: { readonly mode: EnvironmentViewModel['mode'] }) {
  const { t } = useTranslation();
  const label = t(`mode.${mode}`);
  switch (mode) {
    case 'serving':
      return null;
    case 'paused':
      return (
        <Chip tone="moving" icon={CirclePause}>
          {label}
        </Chip>
      );
    case 'maintenance':
      return (
        <Chip tone="moving" icon={Wrench}>
          {label}
        </Chip>
      );
    case 'adopted':
      return (
        <Chip tone="plain" icon={Link2}>
          {label}
        </Chip>
      );
  }
}
