import type { PipelineJobView, PipelineView } from '../capabilities/pipelines/pipelines-api.ts';
import { formatElapsedMs } from '../core/quantities.ts';
import type { Colour } from './paint.ts';
import type { Output } from './output.ts';
import { harmless } from './text-layout.ts';

const colours: Readonly<Record<PipelineJobView['state'] | PipelineView['state'], Colour>> = {
  queued: 'dim',
  waiting: 'dim',
  running: 'cyan',
  passed: 'green',
  failed: 'red',
  cancelled: 'yellow',
  skipped: 'yellow',
};

/** `passed`, in its colour. */
export function stateWord(state: PipelineJobView['state'] | PipelineView['state'], out: Output): string {
  return out.paint(state, colours[state]);
}

/** How long it took, or takes by now; empty before it has begun. */
export function tookWords({ startedAt, endedAt }: Pick<PipelineJobView, 'startedAt' | 'endedAt'>): string {
  return startedAt === null ? '' : formatElapsedMs((endedAt ?? Date.now()) - startedAt);
}

/** What there is to say about a job beside its state. */
export function jobNotes({ cache, attempt, note, hasArtifacts }: PipelineJobView): string {
  const notes = [
    cache === null ? '' : `cache ${cache}`,
    attempt > 1 ? `attempt ${attempt}` : '',
    hasArtifacts ? 'artifacts kept' : '',
    harmless(note ?? ''),
  ];
  return notes.filter((each) => each !== '').join('; ');
}

/** A line when a job has begun or ended. */
export function jobLine(job: PipelineJobView, out: Output): string {
  const isGood = job.state === 'passed';
  const symbol =
    job.state === 'running'
      ? out.paint('·', 'cyan')
      : out.paint(isGood ? out.symbols.done : out.symbols.failed, isGood ? 'green' : 'red');
  const notes = [job.state === 'running' ? '' : tookWords(job), jobNotes(job)].filter((each) => each !== '');
  return `  ${symbol} ${job.job} ${stateWord(job.state, out)}  ${out.paint(notes.join('; '), 'dim')}`.trimEnd();
}
