import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { JournalEventView } from '../../../src/capabilities/releases/releases-api.ts';
import { rolloutsQuery } from '../api/queries.ts';
import { en } from '../language/en.ts';
import { formatPermille } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { knownTitle, sentenceCase } from '../rollout/step-title.ts';
import { eventWords, plainType } from './event-words.ts';

type Told = Pick<JournalEventView, 'type' | 'payload' | 'correlationId'>;

/** An event as a sentence in the language of the page. Events of a rollout name it; it knows its release. */
export function useEventSentence(app: string): (event: Told) => string {
  const { t } = useTranslation();
  const language = useLocale();
  const rollouts = useQuery(rolloutsQuery(app)).data ?? [];
  return (event) => {
    const { word, values } = eventWords(event);
    if (word === null) return plainType(event.type);
    const rollout = rollouts.find((each) => each.id === event.correlationId);
    const known = rollout?.steps.find((each) => each.id === values.step) ?? { id: values.step ?? '', permille: null };
    const title = knownTitle(known);
    const share = formatPermille(known.permille ?? 1_000, language);
    const release = values.release || (rollout?.release ?? '');
    const step = title === null ? (values.step ?? '') : t(`step.title.${title}`, { release, share });
    const end = isEnd(values.end) ? t(`status.${values.end}`) : (values.end ?? '');
    return tidied(t(`event.${word}`, { ...values, release, step: tidied(step), end }));
  };
}

function isEnd(end: string | undefined): end is 'settled' | 'returned' | 'stranded' {
  return end !== undefined && Object.hasOwn(en.status, end);
}

/** Without the gap that a missing value leaves. */
function tidied(sentence: string): string {
  return sentenceCase(
    sentence
      .replace(/\s+/g, ' ')
      .replace(/[: ]+$/, '')
      .trim(),
  );
}
