import { setTimeout as wait } from 'node:timers/promises';
import { toLotseError } from '../../core/errors.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { LogLine, Target } from '../../ports/targets/targets.ts';
import { keyOfJob, type PipelineJob } from './pipeline.ts';
import type { KnownRun, PipelineBook } from './pipeline-rows.ts';
import type { PipelineLogLineView } from './pipelines-api.ts';

interface LogParts {
  readonly book: Pick<PipelineBook, 'find'>;
  readonly target: Pick<Target, 'logs'>;
}

interface LogWishes {
  readonly last: number;
  readonly follow: 'true' | 'false';
  readonly signal: AbortSignal;
}

/** No more lines than this are read at once. */
const mostLines = 10_000;
const askEveryMs = 300;

/** What a job has written; with `follow` from its beginning on, until it is over and all of it was told. */
export async function* readJobLog(
  parts: LogParts,
  run: KnownRun,
  job: PipelineJob,
  { last, follow, signal }: LogWishes,
): AsyncGenerator<PipelineLogLineView> {
  const read = (wanted: number, until: AbortSignal, follows: boolean): AsyncIterable<LogLine> =>
    parts.target.logs(
      {
        ...{ app: run.app, environment: buildPlace, service: null, revision: null },
        ...{ job: keyOfJob(run, job), last: wanted, follow: follows },
      },
      until,
    );
  const told = ({ at, stream, text }: LogLine) => ({ at, job: job.job, stream, text });
  if (follow === 'false') {
    for await (const line of read(last, signal, false)) yield told(line);
    return;
  }
  const over = new AbortController();
  const watching = untilOver(parts, run, job, signal).finally(() => over.abort());
  const count = { out: 0, err: 0 };
  for await (const line of read(mostLines, AbortSignal.any([signal, over.signal]), true)) {
    count[line.stream] += 1;
    yield told(line);
  }
  await watching;
  if (signal.aborted) return;
  // What was written right before its end.
  const place = { out: 0, err: 0 };
  for await (const line of read(mostLines, signal, false)) {
    place[line.stream] += 1;
    if (place[line.stream] > count[line.stream]) yield told(line);
  }
}

/** Resolves when the job has ended, or nobody listens any more. */
async function untilOver({ book }: LogParts, run: KnownRun, { job }: PipelineJob, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const found = await book.find(run).catch((error: unknown) => {
      if (toLotseError(error).retriable) return run;
      throw error;
    });
    const state = found?.jobs.find((each) => each.job === job)?.state;
    if (state !== 'waiting' && state !== 'running') return;
    await wait(askEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
