import { useTranslation } from 'react-i18next';
import type { StepView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatPermille } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { knownTitle, sentenceCase, serverTitle } from './step-title.ts';

/** What a step is called in the language of the page, else what the server calls it. */
export function useStepTitle(release: string): (step: StepView) => string {
  const { t } = useTranslation();
  const language = useLocale();
  return (step) => {
    const title = knownTitle(step);
    const share = formatPermille(step.permille ?? 1_000, language);
    const isBack = step.state === 'undoing' || step.state === 'undone';
    return isBack || title === null ? serverTitle(step) : sentenceCase(t(`step.title.${title}`, { release, share }));
  };
}
