import { formatMoment, formatRelative } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { useNow } from './use-now.ts';

const soonMs = 60_000;

/** How long ago, with the exact moment to hover. `at` in unix milliseconds. */
export function Moment({ at }: { readonly at: number }) {
  const language = useLocale();
  const isRecent = Math.abs(useNow(20_000) - at) < soonMs;
  const now = useNow(isRecent ? 1_000 : 20_000);
  return (
    <time dateTime={new Date(at).toISOString()} title={formatMoment(at, language)}>
      {formatRelative(at, Math.max(now, at), language)}
    </time>
  );
}
