import { useTranslation } from 'react-i18next';
import { localeOf } from './format.ts';

/** How numbers and times are written: as in the person's country, where the browser says that it speaks the language of the page. */
export function useLocale(): string {
  const { language } = useTranslation().i18n;
  return localeOf(language, navigator.languages);
}
