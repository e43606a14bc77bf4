import { ArrowDownToLine, Download, Eraser, Pause, WrapText } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { downloadText } from './download-text.ts';
import type { ShownLine } from './log-buffer.ts';
import type { LogTail, TailState, TailView } from './log-tail.ts';
import { LogView } from './log-view.tsx';
import type { LogWish } from './logs-address.ts';
import { useLogTail } from './use-log-tail.ts';

interface LogPanelProps {
  readonly place: { readonly app: string; readonly environment: string };
  readonly wish: LogWish;
}

/** A tail with what one does with it: find, stop, break lines, take along. */
export function LogPanel({ place, wish }: LogPanelProps) {
  const { t } = useTranslation();
  const [tail, view] = useLogTail(place, wish);
  const [search, setSearch] = useState('');
  const [isWrapped, setWrapped] = useState(() => matchMedia('(max-width: 46rem)').matches);
  const [isFollowing, setFollowing] = useState(true);
  const follow = (isWanted: boolean) => {
    setFollowing(isWanted);
    tail.hold(!isWanted);
  };
  const find = (words: string) => {
    setSearch(words);
    tail.search(words.trim());
  };
  if (view.state.kind === 'refused') return <ProblemNotice error={view.state.error} />;
  return (
    <div className="log-panel">
      <div className="filters">
        <SearchField label={t('logs.search')} value={search} onChange={find} />
        <button type="button" className="button" aria-pressed={!isFollowing} onClick={() => follow(!isFollowing)}>
          {isFollowing ? <Pause aria-hidden="true" /> : <ArrowDownToLine aria-hidden="true" />}
          {t(isFollowing ? 'logs.pause' : 'logs.follow')}
        </button>
        <button type="button" className="button" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>
          <WrapText aria-hidden="true" />
          {t('logs.wrap')}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => downloadText(nameOf(place, wish), textOf(tail.buffer.shown))}
        >
          <Download aria-hidden="true" />
          {t('logs.download')}
        </button>
        <button
          type="button"
          className="tool"
          aria-label={t('logs.clear')}
          title={t('logs.clear')}
          onClick={() => tail.clear()}
        >
          <Eraser aria-hidden="true" />
        </button>
      </div>
      <LogView
        lines={tail.buffer.shown}
        search={search.trim()}
        isWrapped={isWrapped}
        isFollowing={isFollowing}
        onLeave={() => follow(false)}
      />
      <Foot tail={tail} view={view} isFollowing={isFollowing} onFollow={() => follow(true)} />
    </div>
  );
}

interface FootProps {
  readonly tail: LogTail;
  readonly view: TailView;
  readonly isFollowing: boolean;
  readonly onFollow: () => void;
}

/** How the tail stands, how much there is, and the way back to the newest line. */
function Foot({ tail, view, isFollowing, onFollow }: FootProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const { shown, count, forgotten, waitingCount } = tail.buffer;
  return (
    <div className="log-foot">
      <TailMark state={view.state} isFollowing={isFollowing} />
      <span className="quiet">
        {t('logs.count', { shown: formatCount(shown.length, language), all: formatCount(count, language) })}
        {forgotten === 0
          ? ''
          : ` ${t('logs.forgotten', { count: forgotten, number: formatCount(forgotten, language) })}`}
      </span>
      {isFollowing ? null : (
        <button type="button" className="button log-newest" onClick={onFollow}>
          <ArrowDownToLine aria-hidden="true" />
          {waitingCount === 0
            ? t('logs.toNewest')
            : t('logs.newLines', { count: waitingCount, number: formatCount(waitingCount, language) })}
        </button>
      )}
    </div>
  );
}

function TailMark({ state, isFollowing }: { readonly state: TailState; readonly isFollowing: boolean }) {
  const { t } = useTranslation();
  const isHeld = state.kind === 'following' && !isFollowing;
  return (
    <output className="live-mark" data-kind={state.kind === 'following' && isFollowing ? 'live' : state.kind}>
      <span className="live-dot" aria-hidden="true" />
      {isHeld ? t('logs.state.paused') : t(`logs.state.${state.kind}`)}
    </output>
  );
}

function textOf(lines: readonly ShownLine[]): string {
  const texts = lines.map(
    ({ at, service, slot, stream, text }) => `${new Date(at).toISOString()} ${service}.${slot} ${stream} ${text}\n`,
  );
  return texts.join('');
}

function nameOf({ app, environment }: LogPanelProps['place'], { service, job }: LogWish): string {
  const what = job?.split('/').at(-2) ?? service ?? 'all';
  return `${app}-${environment}-${what}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.log`;
}
