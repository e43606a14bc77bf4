import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  AppWindow,
  Bell,
  Boxes,
  CalendarClock,
  Flag,
  Gauge,
  KeyRound,
  LogOut,
  Maximize,
  Package,
  Pause,
  Play,
  Scroll,
  ScrollText,
  Ship,
  SlidersHorizontal,
  SunMoon,
  Undo2,
  Languages,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { rollBackAction, useMay } from '../actions/action-buttons.tsx';
import { useAction } from '../actions/action-provider.tsx';
import { canRollBack, steeringOf } from '../actions/available-actions.ts';
import { callApi } from '../api/call-api.ts';
import { appsQuery, environmentsQuery, releasesQuery } from '../api/queries.ts';
import { chooseLanguage, languages } from '../language/start-language.ts';
import { orderEnvironments } from '../overview/order-environments.ts';
import { applyTheme, themes } from '../shell/theme.ts';
import type { PaletteCommand } from './find-commands.ts';

const placePages = [
  { page: 'logs', icon: ScrollText },
  { page: 'config', icon: SlidersHorizontal },
  { page: 'secrets', icon: KeyRound },
  { page: 'flags', icon: Flag },
  { page: 'jobs', icon: CalendarClock },
  { page: 'notifications', icon: Bell },
] as const;

/** Everything that can be gone to and done from where the person is. */
export function useCommands(app: string | null): readonly PaletteCommand[] {
  const actions = useActionCommands(app);
  const pages = usePageCommands(app);
  const releases = useReleaseCommands(app);
  const own = useOwnCommands();
  return [...actions, ...pages, ...own, ...releases];
}

function usePlaces(app: string | null): readonly EnvironmentViewModel[] {
  const query = useQuery({ ...environmentsQuery(app ?? ''), enabled: app !== null });
  return orderEnvironments(query.data ?? []);
}

function useActionCommands(app: string | null): readonly PaletteCommand[] {
  const { t } = useTranslation();
  const places = usePlaces(app);
  const open = useAction();
  const may = useMay();
  if (!may('steer')) return [];
  return places.toReversed().flatMap((place): readonly PaletteCommand[] => {
    const { environment, rollout, previousRelease } = place;
    const back = canRollBack(place) ? rollBackAction(place) : null;
    const steering = rollout === null ? [] : steeringOf(rollout, previousRelease);
    const steer = (kind: 'pause' | 'resume') =>
      rollout === null || !steering.includes(kind)
        ? []
        : [
            {
              id: `${kind}/${environment}`,
              label: t(`palette.${kind}`, { environment }),
              detail: rollout.release,
              icon: kind === 'pause' ? Pause : Play,
              group: 'does' as const,
              run: () => open({ kind, rollout }),
            },
          ];
    const rollBack =
      back === null
        ? []
        : [
            {
              id: `roll-back/${environment}`,
              label: t('palette.rollBack', { environment }),
              icon: Undo2,
              group: 'does' as const,
              run: () => open(back),
            },
          ];
    return [...steer('pause'), ...steer('resume'), ...rollBack];
  });
}

function usePageCommands(app: string | null): readonly PaletteCommand[] {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const places = usePlaces(app).toReversed();
  const apps = useQuery(appsQuery).data ?? [];
  const go = (href: string, label: string, icon: PaletteCommand['icon']): PaletteCommand => ({
    ...{ id: href, label, icon, group: 'go', run: () => navigate(href) },
  });
  const others = apps
    .filter((each) => each.app !== app)
    .map((each) => go(`/apps/${each.app}`, t('palette.app', { app: each.app }), AppWindow));
  if (app === null) return others;
  const base = `/apps/${app}`;
  return [
    go(base, t('nav.overview'), Gauge),
    ...places.flatMap(({ environment, rollout }) =>
      rollout === null ? [] : [go(`${base}/rollouts/${rollout.id}`, t('palette.rollout', { environment }), Ship)],
    ),
    go(`${base}/releases`, t('nav.releases'), Boxes),
    go(`${base}/journal`, t('nav.journal'), Scroll),
    ...placePages.flatMap(({ page, icon }) =>
      places.map(({ environment }) =>
        go(`${base}/${page}/${environment}`, t('palette.inEnvironment', { page: t(`nav.${page}`), environment }), icon),
      ),
    ),
    ...others,
  ];
}

function useReleaseCommands(app: string | null): readonly PaletteCommand[] {
  const [, navigate] = useLocation();
  const releases = useQuery({ ...releasesQuery(app ?? ''), enabled: app !== null }).data ?? [];
  return releases.map(({ id, subject }) => ({
    id: `release/${id}`,
    label: id,
    ...(subject === null ? {} : { detail: subject }),
    icon: Package,
    group: 'go',
    run: () => navigate(`/apps/${app}/releases/${id}`),
  }));
}

/** What concerns the person and the page alone. */
function useOwnCommands(): readonly PaletteCommand[] {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  const does = (id: string, label: string, icon: PaletteCommand['icon'], run: () => void): PaletteCommand => ({
    ...{ id, label, icon, run, group: 'does' },
  });
  return [
    ...themes.map((theme) =>
      does(`theme/${theme}`, t('palette.theme', { theme: t(`theme.${theme}`) }), SunMoon, () => applyTheme(theme)),
    ),
    ...languages.map(({ code, name }) =>
      does(`language/${code}`, t('palette.language', { language: name }), Languages, () => {
        void chooseLanguage(i18n, code);
      }),
    ),
    does('full-screen', t('palette.fullScreen'), Maximize, () => void document.documentElement.requestFullscreen()),
    does('sign-out', t('nav.signOut'), LogOut, () => {
      void callApi('DELETE /session').finally(() => void queries.resetQueries());
    }),
  ];
}
