import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { en } from '../language/en.ts';
import { useNamedText } from '../parts/use-person-name.ts';
import { sentenceCase } from './step-title.ts';

type Cause = NonNullable<RolloutView['cause']>;

/** Why a rollout turned back, with the last lines of what failed. */
export function CausePanel({ cause, step }: { readonly cause: Cause; readonly step: string }) {
  const { t } = useTranslation();
  const named = useNamedText();
  return (
    <section className="cause" data-by-person={cause.kind === 'aborted'} aria-labelledby="cause-title">
      <h2 id="cause-title">
        <TriangleAlert aria-hidden="true" />
        {t('rollout.cause')}
      </h2>
      <p className="cause-message">{sentenceCase(named(cause.message))}</p>
      <p className="quiet">
        {isKnownKind(cause.kind) ? `${t(`cause.${cause.kind}`)}, ` : ''}
        {t('rollout.atStep', { step })}. {cause.inRelease ? t('rollout.blamed') : t('rollout.notBlamed')}
      </p>
      {cause.logTail.length === 0 ? null : (
        <figure className="log">
          <figcaption className="label">{t('rollout.logTail')}</figcaption>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so keys must reach it */}
          <pre tabIndex={0}>{cause.logTail.join('\n')}</pre>
        </figure>
      )}
    </section>
  );
}

function isKnownKind(kind: string): kind is keyof typeof en.cause {
  return Object.hasOwn(en.cause, kind);
}
