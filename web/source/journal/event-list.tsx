import { useTranslation } from 'react-i18next';
import type { JournalEventView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatClock, formatDay } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Moment } from '../parts/moment.tsx';
import { useNamedText, usePersonName } from '../parts/use-person-name.ts';
import { environmentOfChain, toneOf } from './event-words.ts';
import { useEventSentence } from './use-event-sentence.ts';

interface EventListProps {
  readonly app: string;
  /** As the server has them, oldest first. */
  readonly events: readonly JournalEventView[];
  /** Without details, with how long ago instead of when. */
  readonly isCompact: boolean;
}

/** Newest first, by day. */
export function EventList({ app, events, isCompact }: EventListProps) {
  const { t } = useTranslation();
  const language = useLocale();
  if (events.length === 0) return <p className="quiet">{t('empty.noEvents')}</p>;
  const days = Map.groupBy(events.toReversed(), (event) => formatDay(event.at, language));
  return [...days].map(([day, ofDay]) => (
    <div key={day} className="events-of-day">
      {isCompact ? null : <h2 className="label">{day}</h2>}
      <ol className="events" data-compact={isCompact}>
        {ofDay.map((event) => (
          <EventRow key={event.id} app={app} event={event} isCompact={isCompact} />
        ))}
      </ol>
    </div>
  ));
}

interface EventRowProps {
  readonly app: string;
  readonly event: JournalEventView;
  readonly isCompact: boolean;
}

function EventRow({ app, event, isCompact }: EventRowProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const nameOf = usePersonName();
  const named = useNamedText();
  const sentence = useEventSentence(app)(event);
  const environment = environmentOfChain(event.chain);
  return (
    <li className="event" data-tone={toneOf(event)}>
      <span className="event-time">{isCompact ? <Moment at={event.at} /> : formatClock(event.at, language)}</span>
      <span className="event-dot" aria-hidden="true" />
      <div className="event-words">
        <p>
          {named(sentence)}
          {environment === null ? null : <span className="event-place">{environment}</span>}
        </p>
        {event.actor === 'lotse' && event.reason === null ? null : (
          <p className="quiet">
            {t('journal.by', { actor: nameOf(event.actor) })}
            {event.reason === null ? '' : `: “${event.reason}”`}
          </p>
        )}
        {isCompact ? null : <EventDetails event={event} />}
      </div>
    </li>
  );
}

function EventDetails({ event }: { readonly event: JournalEventView }) {
  const { t } = useTranslation();
  const { sequence, chain } = event;
  return (
    <details className="event-details">
      <summary>
        <code>{event.type}</code> <span className="quiet">{t('journal.position', { number: sequence, chain })}</span>
      </summary>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so keys must reach it */}
      <pre tabIndex={0}>{JSON.stringify(event.payload, null, 2)}</pre>
    </details>
  );
}
