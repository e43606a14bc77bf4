/** What a tail is narrowed to; what is left out is not. */
export interface LogWish {
  readonly service?: string;
  readonly revision?: string;
  /** The key of a run. */
  readonly job?: string;
}

interface Place {
  readonly app: string;
  readonly environment: string;
}

/** Where the page shows it. */
export function logsAddress({ app, environment }: Place, wish: LogWish = {}): string {
  const search = new URLSearchParams(Object.entries(wish)).toString();
  const page = `/apps/${encodeURIComponent(app)}/logs/${encodeURIComponent(environment)}`;
  return search === '' ? page : `${page}?${search}`;
}
