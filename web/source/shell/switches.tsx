import { Moon, Sun, SunMoon } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, languageOf, languages } from '../language/start-language.ts';
import { applyTheme, storedTheme, themes, type Theme } from './theme.ts';

const icons = { auto: SunMoon, light: Sun, dark: Moon } as const;

/** Goes round: like the system, light, dark. */
export function ThemeSwitch() {
  const { t } = useTranslation();
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const Icon = icons[theme];
  const label = `${t('theme.label')}: ${t(`theme.${theme}`)}`;
  const turn = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
    applyTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" className="tool" aria-label={label} title={label} onClick={turn}>
      <Icon aria-hidden="true" />
    </button>
  );
}

export function LanguageSwitch() {
  const { t, i18n } = useTranslation();
  const current = languageOf(i18n.language) ?? 'en';
  return (
    <fieldset className="segments" aria-label={t('language.label')}>
      {languages.map(({ code, name }) => (
        <button
          key={code}
          type="button"
          lang={code}
          title={name}
          aria-label={`${code.toUpperCase()} ${name}`}
          aria-pressed={code === current}
          onClick={() => void chooseLanguage(i18n, code)}
        >
          {code.toUpperCase()}
        </button>
      ))}
    </fieldset>
  );
}
