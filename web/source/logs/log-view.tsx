import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { formatClock } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { cssVariables } from '../parts/css-variables.ts';
import type { ShownLine } from './log-buffer.ts';
import { RowIndex } from './row-index.ts';

interface LogViewProps {
  readonly lines: readonly ShownLine[];
  /** Words to mark; empty: none. */
  readonly search: string;
  readonly isWrapped: boolean;
  /** Stay with the newest line. */
  readonly isFollowing: boolean;
  /** The person has scrolled away from the newest line. */
  readonly onLeave: () => void;
}

/** As in logs.css. */
const rowHeight = 20;
/** Rows beyond the edges that are there already. */
const spareRows = 20;
/** Closer to the end than this is at the end, in pixels. */
const endPixels = 3 * rowHeight;
const probeLetters = 50;

/** As many lines as fit into it, of however many there are. */
export function LogView({ lines, search, isWrapped, isFollowing, onLeave }: LogViewProps) {
  const { t } = useTranslation();
  const view = useRef<HTMLElement>(null);
  const [index] = useState(() => new RowIndex());
  const { size, measure } = useSize(view);
  const [top, setTop] = useState(0);
  index.update(lines, isWrapped ? size.columns : null);
  const first = index.lineAt(Math.max(0, Math.floor(top / rowHeight) - spareRows));
  const last = index.lineAt(Math.ceil((top + size.height) / rowHeight) + spareRows) + 1;
  useLayoutEffect(() => {
    const element = view.current;
    if (element !== null && isFollowing) element.scrollTop = element.scrollHeight;
  });
  const scrolled = () => {
    const element = view.current;
    if (element === null) return;
    const isAway = element.scrollHeight - element.clientHeight - element.scrollTop > endPixels;
    if (isFollowing && isAway && element.scrollTop < top) onLeave();
    setTop(element.scrollTop);
  };
  return (
    <section
      ref={view}
      className="log-view"
      data-wrapped={isWrapped}
      aria-label={t('logs.lines')}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so keys must reach it
      tabIndex={0}
      onScroll={scrolled}
    >
      <p className="log-line log-probe" aria-hidden="true" ref={measure}>
        <span className="log-text">
          <span>{'0'.repeat(probeLetters)}</span>
        </span>
      </p>
      <div className="log-rows" ref={cssVariables({ '--rows': index.rows })}>
        <div className="log-block" ref={cssVariables({ '--row': index.rowOf(first) })}>
          {lines.slice(first, last).map((line) => (
            <LogRow key={line.number} line={line} search={search} />
          ))}
        </div>
      </div>
    </section>
  );
}

interface Size {
  /** Of what can be seen, in pixels. */
  readonly height: number;
  /** Letters in a row. */
  readonly columns: number;
}

/** `measure`: a line that is not seen, by which is known how many letters a row takes. */
function useSize(view: RefObject<HTMLElement | null>) {
  const [size, setSize] = useState<Size>({ height: 600, columns: 120 });
  const measure = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const text = measure.current?.firstElementChild ?? null;
    const letters = text?.firstElementChild ?? null;
    const element = view.current;
    if (element === null || text === null || letters === null) return undefined;
    const take = () => {
      const letterWidth = letters.getBoundingClientRect().width / probeLetters;
      const columns = Math.max(10, Math.floor(text.getBoundingClientRect().width / letterWidth));
      const height = element.clientHeight;
      setSize((before) => (before.height === height && before.columns === columns ? before : { height, columns }));
    };
    const observer = new ResizeObserver(take);
    observer.observe(element);
    observer.observe(text);
    return () => observer.disconnect();
  }, [view]);
  return { size, measure };
}

function LogRow({ line, search }: { readonly line: ShownLine; readonly search: string }) {
  const language = useLocale();
  const { at, service, slot, stream, text } = line;
  return (
    <p className="log-line" data-stream={stream}>
      <time className="log-time" dateTime={new Date(at).toISOString()}>
        {formatClock(at, language)}
      </time>
      <span className="log-source" title={`${service} ${slot + 1}`}>
        {service} {slot + 1}
      </span>
      <span className="log-stream">{stream === 'err' ? 'err' : ''}</span>
      <span className="log-text">{search === '' ? text : <Marked text={text} search={search} />}</span>
    </p>
  );
}

function Marked({ text, search }: { readonly text: string; readonly search: string }) {
  const pieces = piecesAround(text, search);
  return pieces.map(({ at, words, isFound }) => (isFound ? <mark key={at}>{words}</mark> : words));
}

interface Piece {
  readonly at: number;
  readonly words: string;
  readonly isFound: boolean;
}

function piecesAround(text: string, search: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const [inLower, wanted] = [text.toLowerCase(), search.toLowerCase()];
  let at = 0;
  for (let found = inLower.indexOf(wanted); found >= 0; found = inLower.indexOf(wanted, at)) {
    pieces.push({ at, words: text.slice(at, found), isFound: false });
    pieces.push({ at: found, words: text.slice(found, found + wanted.length), isFound: true });
    at = found + wanted.length;
  }
  return [...pieces, { at: -1, words: text.slice(at), isFound: false }];
}
