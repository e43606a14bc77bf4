import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineJobView, PipelineView } from '../capabilities/pipelines/pipelines-api.ts';
import { LotseError, toLotseError } from '../core/errors.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Output } from './output.ts';
import { pipelineCalls } from './pipeline-calls.ts';
import { jobLine, stateWord } from './pipeline-lines.ts';
import { harmless } from './text-layout.ts';

export interface PipelineWishes {
  readonly plane: ControlPlane;
  readonly out: Output;
  readonly signal: AbortSignal;
}

const askEveryMs = 400;
const tailLines = 20;

/**
 * Says what happens to the run until it has ended, and of a job that failed what it wrote last. Answers how it ended.
 * Errors: `cancelled` when it is left; the run goes on.
 */
export async function followPipeline(run: PipelineView, { plane, out, signal }: PipelineWishes): Promise<PipelineView> {
  const calls = pipelineCalls(plane);
  out.line(`${out.paint('·', 'cyan')} ${out.paint(run.id, 'cyan')} ${out.paint(`of ${run.release}`, 'dim')}`);
  const told = new Map<string, PipelineJobView['state']>();
  for (let current = run; ; current = await calls.show(run.id)) {
    for (const job of current.jobs) {
      if (told.get(job.job) === job.state || job.state === 'waiting') continue;
      told.set(job.job, job.state);
      out.line(jobLine(job, out));
      if (job.state === 'failed') await showTail(current, job, { plane, out, signal });
    }
    if (current.endedAt !== null) {
      out.line(`  ${out.paint(run.id, 'cyan')} ${stateWord(current.state, out)}`);
      return current;
    }
    await sleep(askEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted)
      throw new LotseError('cancelled', `Interrupted. ${run.id} goes on; \`lotse pipeline cancel ${run.id}\` ends it.`);
  }
}

/** Output is a courtesy: what is lost of it changes no outcome. */
async function showTail({ id }: PipelineView, { job }: PipelineJobView, { plane, out, signal }: PipelineWishes) {
  try {
    for await (const { text } of pipelineCalls(plane).logs(id, { job, last: tailLines }, signal))
      out.line(`    ${out.paint(`│ ${harmless(text)}`, 'dim')}`);
    out.line(`    ${out.paint(`all of it: lotse pipeline logs ${id} ${job}`, 'dim')}`);
  } catch (error) {
    if (!signal.aborted) out.warn(`What ${job} wrote cannot be shown: ${toLotseError(error).message}`);
  }
}

/** The latest run for a release; null: its manifest declares no pipeline. */
export async function pipelineOfRelease(plane: ControlPlane, release: string): Promise<PipelineView | null> {
  return (await pipelineCalls(plane).list({ release, limit: 1 }))[0] ?? null;
}
