import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { JournalEventView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatDay } from '../language/format.ts';
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
  const tell = useTelling(app);
  if (events.length === 0) return <p className="quiet">{t('empty.noEvents')}</p>;
  const days = Map.groupBy(events.toReversed(), ({ at }) => new Date(at).toDateString());
  return [...days].map(([day, ofDay]) => (
    <div key={day} className="events-of-day">
      {isCompact ? null : <h2 className="label">{formatDay(ofDay[0]?.at ?? 0, language)}</h2>}
      <ol className="events" data-compact={isCompact}>
        {ofDay.map((event) => (
          <EventRow key={event.id} event={event} told={tell(event)} isCompact={isCompact} />
        ))}
      </ol>
    </div>
  ));
}

/** An event in words. Texts only, so that a row is drawn anew when it says something else, and not before. */
interface Told {
  readonly sentence: string;
  readonly clock: string;
  /** Null: Lotse did it by itself. */
  readonly by: string | null;
}

/** Asks for names and rollouts once for a whole list: a journal has thousands of rows. */
function useTelling(app: string): (event: JournalEventView) => Told {
  const { t } = useTranslation();
  const language = useLocale();
  const nameOf = usePersonName();
  const named = useNamedText();
  const sentenceOf = useEventSentence(app);
  const clock = useMemo(() => new Intl.DateTimeFormat(language, { timeStyle: 'medium' }), [language]);
  return (event) => {
    const isOwn = event.actor === 'lotse' && event.reason === null;
    const reason = event.reason === null ? '' : `: “${event.reason}”`;
    return {
      sentence: named(sentenceOf(event)),
      clock: clock.format(event.at),
      by: isOwn ? null : `${t('journal.by', { actor: nameOf(event.actor) })}${reason}`,
    };
  };
}

interface EventRowProps {
  readonly event: JournalEventView;
  readonly told: Told;
  readonly isCompact: boolean;
}

const EventRow = memo(PlainEventRow, (before, after) => {
  const isSame = before.event === after.event && before.isCompact === after.isCompact;
  const { sentence, clock, by } = after.told;
  return isSame && before.told.sentence === sentence && before.told.clock === clock && before.told.by === by;
});

function PlainEventRow({ event, told, isCompact }: EventRowProps) {
  const environment = environmentOfChain(event.chain);
  return (
    <li className="event" data-tone={toneOf(event)}>
      <span className="event-time">{isCompact ? <Moment at={event.at} /> : told.clock}</span>
      <span className="event-dot" aria-hidden="true" />
      <div className="event-words">
        <p>
          {told.sentence}
          {environment === null ? null : <span className="event-place">{environment}</span>}
        </p>
        {told.by === null ? null : <p className="quiet">{told.by}</p>}
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
