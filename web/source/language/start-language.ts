import { createInstance, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page';
    resources: { page: typeof en };
  }
}

export const languages = [
  { code: 'en', name: 'English' },
  { code: 'de', name: 'Deutsch' },
] as const;
export type Language = (typeof languages)[number]['code'];

const storageKey = 'lotse-language';

/** What was chosen here before, else the first language of the browser that the page speaks, else English. */
export function preferredLanguage(stored: string | null, wanted: readonly string[]): Language {
  const candidates = [stored, ...wanted].flatMap((tag) => (tag === null ? [] : [tag.slice(0, 2).toLowerCase()]));
  return candidates.map(languageOf).find((language) => language !== null) ?? 'en';
}

export function languageOf(code: string): Language | null {
  return languages.find((language) => language.code === code)?.code ?? null;
}

export async function startLanguage(): Promise<i18n> {
  const language = createInstance();
  await language.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    defaultNS: 'page',
    resources: { en: { page: en } },
    interpolation: { escapeValue: false }, // React escapes
  });
  const preferred = preferredLanguage(localStorage.getItem(storageKey), navigator.languages);
  await speak(language, preferred);
  return language;
}

/** Loads the words of a language when they are asked for the first time, and remembers the choice. */
export async function chooseLanguage(language: i18n, code: Language): Promise<void> {
  localStorage.setItem(storageKey, code);
  await speak(language, code);
}

async function speak(language: i18n, code: Language): Promise<void> {
  if (code === 'de' && !language.hasResourceBundle('de', 'page')) {
    const { de } = await import('./de.ts');
    language.addResourceBundle('de', 'page', de);
  }
  await language.changeLanguage(code);
  document.documentElement.lang = code;
}
