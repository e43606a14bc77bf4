import { useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import { formatClock, formatCount, formatDuration, formatRate } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import type { Interval, Traffic } from './compared-traffic.ts';

interface SideChartProps {
  readonly title: string;
  readonly intervals: readonly Interval[];
  readonly valueOf: (side: Traffic) => number | null;
  readonly unit: 'count' | 'rate' | 'duration';
}

const height = 132;

/** One measure of both revisions over time. The new one is a full line, the old one is dashed. */
export function SideChart({ title, intervals, valueOf, unit }: SideChartProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const titleId = useId();
  const last = intervals.at(-1);
  const valueNow = (side: 'new' | 'old') => {
    const value = last === undefined ? null : valueOf(last[side]);
    return value === null ? '–' : formatOf(unit, language)(value);
  };
  const place = useChart(dataOf(intervals, valueOf), unit);
  return (
    <figure className="side-chart" aria-labelledby={titleId}>
      <figcaption id={titleId}>
        {title}
        <span className="side-now">
          <span className="only-read">{t('judge.new')}: </span>
          <b data-of="new">{valueNow('new')}</b>
          <span className="only-read">{t('judge.old')}: </span>
          <b data-of="old">{valueNow('old')}</b>
        </span>
      </figcaption>
      <div ref={place} className="side-canvas" aria-hidden="true">
        <span className="side-ink" data-of="new" />
        <span className="side-ink" data-of="old" />
        <span className="side-ink" data-of="axis" />
      </div>
    </figure>
  );
}

function formatOf(unit: SideChartProps['unit'], language: string): (value: number) => string {
  const format = { rate: formatRate, count: formatCount, duration: formatDuration }[unit];
  return (value) => format(value, language);
}

function useChart(data: uPlot.AlignedData, unit: SideChartProps['unit']) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const language = useLocale();
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const words = { format: formatOf(unit, language), clock: (at: number) => formatClock(at, language) };
    const made = new uPlot(optionsOf(element, words), [[], [], []], element);
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [unit, language]);
  useEffect(() => chart.current?.setData(data));
  return place;
}

function dataOf(intervals: readonly Interval[], valueOf: SideChartProps['valueOf']): uPlot.AlignedData {
  return [
    intervals.map(({ at }) => at / 1_000),
    intervals.map((interval) => valueOf(interval.new)),
    intervals.map((interval) => valueOf(interval.old)),
  ];
}

interface Words {
  readonly format: (value: number) => string;
  readonly clock: (at: number) => string;
}

/** Colours come from the style sheet, by elements that have them: a canvas knows no variables. */
function optionsOf(element: HTMLElement, { format, clock }: Words): uPlot.Options {
  const ink = (of: string) => {
    const sample = element.querySelector(`.side-ink[data-of='${of}']`);
    return sample === null ? '#888' : getComputedStyle(sample).color;
  };
  const axis = { stroke: ink('axis'), grid: { show: false }, ticks: { show: false }, font: '12px sans-serif' };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    series: [
      {},
      { stroke: ink('new'), width: 2.5, points: { show: false } },
      { stroke: ink('old'), width: 2, dash: [6, 4], points: { show: false } },
    ],
    axes: [
      { ...axis, space: 120, size: 24, values: (_, moments) => moments.map((at) => clock(at * 1_000)) },
      { ...axis, space: 36, size: 52, values: (_, values) => values.map(format) },
    ],
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.15 : 1] } },
  };
}
