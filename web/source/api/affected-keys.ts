import { keys } from './query-keys.ts';

/** `data` of a `change` event: something has happened there. */
export interface Change {
  readonly position: number;
  readonly app: string | null;
  readonly environment: string | null;
  readonly type: string;
}

const kinds = ['instances', 'judgement', 'traffic', 'jobs', 'messages'] as const;

/** `data` of a `look` event: there it looks different, though nothing has happened that a journal would hold. */
export interface Look {
  readonly app: string;
  readonly environment: string;
  readonly what: (typeof kinds)[number];
}

export type News = Change | Look;

type Key = readonly unknown[];

/** Inside one step nothing about releases changes, and a rollout has many steps. */
const insideStep = /^(?:step|gates|observed)/;

/** What the page has to ask for again after some news; each key once. A change of an unknown kind affects all of its app. */
export function affectedKeys(news: readonly News[]): readonly Key[] {
  const keysOf = (each: News) => ('what' in each ? keysOfLook(each) : keysOfChange(each));
  return [...new Map(news.flatMap(keysOf).map((key) => [JSON.stringify(key), key])).values()];
}

function keysOfChange({ app, type }: Change): readonly Key[] {
  if (app === null) return [keys.apps, keys.me, keys.people, ['access'], ['app']];
  const always = [keys.environments(app), keys.allRollouts(app), keys.allJournals(app)];
  if (insideStep.test(type)) return always;
  return [...always, keys.rollouts(app), keys.releases(app), keys.settings(app), keys.allSeries(app), keys.apps];
}

function keysOfLook({ app, environment, what }: Look): readonly Key[] {
  switch (what) {
    case 'instances':
      return [keys.environments(app)];
    case 'judgement':
      return [keys.allRollouts(app)]; // What the judge thinks stands nowhere else.
    case 'traffic':
      return [keys.allSeries(app)];
    case 'jobs':
      return ['jobs', 'hand-runs', 'job-run'].map((name) => keys.setting(app, environment, name));
    case 'messages':
      return [keys.setting(app, environment, 'notifications')];
  }
}

/** Null when it is not in the form of a look. */
export function readLook(data: string): Look | null {
  const value: unknown = readJson(data);
  if (typeof value !== 'object' || value === null) return null;
  const [app, environment]: readonly unknown[] = [Reflect.get(value, 'app'), Reflect.get(value, 'environment')];
  const what = kinds.find((kind) => kind === Reflect.get(value, 'what'));
  if (typeof app !== 'string' || typeof environment !== 'string' || what === undefined) return null;
  return { app, environment, what };
}

/** Null when it is not in the form of a change. */
export function readChange(data: string): Change | null {
  const value: unknown = readJson(data);
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return null;
  return {
    position: 'position' in value && typeof value.position === 'number' ? value.position : 0,
    app: 'app' in value && typeof value.app === 'string' ? value.app : null,
    environment: 'environment' in value && typeof value.environment === 'string' ? value.environment : null,
    type: value.type,
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
