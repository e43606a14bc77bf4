import { Globe, Hammer } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel, SlotView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatBytes, formatClock } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { sentenceCase } from '../rollout/step-title.ts';

type Service = EnvironmentViewModel['services'][number];

/** What runs: each service with its instances, one mark per instance. */
export function Services({ environment }: { readonly environment: EnvironmentViewModel }) {
  const { t } = useTranslation();
  const { services } = environment;
  if (services.length === 0) return null;
  return (
    <div className="services">
      <h3 className="label">{t('overview.services')}</h3>
      <ul>
        {services.map((service) => (
          <ServiceRow key={service.service} service={service} environment={environment} />
        ))}
      </ul>
    </div>
  );
}

interface ServiceRowProps {
  readonly service: Service;
  readonly environment: EnvironmentViewModel;
}

function ServiceRow({ service, environment }: ServiceRowProps) {
  const { t } = useTranslation();
  const Icon = service.kind === 'web' ? Globe : Hammer;
  const { slots } = service;
  const ready = slots.filter((slot) => slot.state === 'ready').length;
  const isWhole = ready === slots.length && slots.length > 0;
  return (
    <li className="service" data-whole={isWhole}>
      <span className="service-name">
        <Icon aria-hidden="true" />
        {service.service}
        <span className="only-read">{t(`service.${service.kind}`)}</span>
      </span>
      <ul className="slots" aria-label={t('service.ready', { ready, all: slots.length })}>
        {slots.map((slot) => (
          <SlotMark key={`${slot.revision}/${slot.slot}`} slot={slot} environment={environment} />
        ))}
      </ul>
      <span className="service-count" aria-hidden="true">
        {ready}/{slots.length}
      </span>
      <Trouble slots={slots} />
    </li>
  );
}

/** Why instances are not ready, each reason once; what is only starting has none yet. */
function Trouble({ slots }: { readonly slots: readonly SlotView[] }) {
  const notes = slots.flatMap(({ state, note }) => (state === 'ready' || state === 'stopping' ? [] : (note ?? [])));
  if (notes.length === 0) return null;
  return (
    <ul className="service-notes">
      {[...new Set(notes)].map((note) => (
        <li key={note}>{sentenceCase(note)}</li>
      ))}
    </ul>
  );
}

/** An instance: its form says its state, its fill whether it belongs to the release that serves. */
function SlotMark({ slot, environment }: { readonly slot: SlotView; readonly environment: EnvironmentViewModel }) {
  const { t } = useTranslation();
  const language = useLocale();
  const release = environment.shares.find((share) => share.revision === slot.revision)?.release ?? slot.revision;
  const isServing = slot.revision === environment.revision;
  const words = [
    `${t('service.instance', { number: slot.slot + 1 })} ${t('service.of', { release })}: ${t(`slot.${slot.state}`)}`,
    slot.note,
    slot.startedAt === null ? null : t('service.startedAt', { time: formatClock(slot.startedAt, language) }),
    slot.memoryBytes === null ? null : formatBytes(slot.memoryBytes, language),
    slot.unexpectedExits === 0 ? null : t('service.exits', { count: slot.unexpectedExits }),
    slot.address,
  ].filter((word) => word !== null);
  return (
    <li className="slot" data-state={slot.state} data-serving={isServing} title={words.join('\n')}>
      <span className="only-read">{words.join(', ')}</span>
    </li>
  );
}
