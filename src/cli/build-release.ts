import { buildLine, type BuildView, type ReleaseView } from '../capabilities/releases/releases-api.ts';
import { isErrorCode, LotseError } from '../core/errors.ts';
import { formatElapsedMs, formatSizeRoughly } from '../core/quantities.ts';
import type { ControlPlane } from './control-plane.ts';
import { LiveBlock } from './live-block.ts';
import { count, type Output } from './output.ts';
import { spin } from './rollout-lines.ts';
import { noCommit, withPackedSource, type PackedSource, type SourceWishes } from './source-tar.ts';
import { harmless } from './text-layout.ts';

export interface BuildWishes {
  readonly plane: ControlPlane;
  readonly out: Output;
  readonly source: SourceWishes;
  readonly signal: AbortSignal;
}

/** How many lines of the build stand on the screen at once. */
const visibleLines = 6;

/** Packs the source, sends it, shows the build, answers the release. The same commit answers the same release again. */
export async function buildRelease({ plane, out, source, signal }: BuildWishes): Promise<ReleaseView> {
  const started = await withPackedSource(source, async (packed) => {
    describeSource(packed, out);
    return plane.createRelease(
      {
        content: packed.tar,
        commit: packed.commit,
        dirty: packed.dirty,
        branch: packed.branch,
        subject: packed.subject,
      },
      signal,
    );
  });
  const wasThere = started.state === 'done';
  const build = started.state === 'building' ? await followBuild(plane, out, started, signal) : started;
  const release = releaseOf(build);
  const words = wasThere ? 'is built already' : `built in ${formatElapsedMs(Date.now() - build.startedAt)}`;
  const digest = out.paint(release.artifact.slice(0, 19), 'dim');
  out.line(`${out.paint(out.symbols.done, 'green')} ${out.paint(release.id, 'cyan')} ${words}  ${digest}`);
  return release;
}

function describeSource(packed: PackedSource, out: Output): void {
  const size = formatSizeRoughly(packed.sizeBytes);
  const place = packed.branch === null ? '' : ` on ${packed.branch}`;
  const subject = packed.subject === null ? '' : ` “${harmless(packed.subject)}”`;
  const commit = packed.commit === noCommit ? 'no git commit' : packed.commit.slice(0, 7);
  out.line(
    `${out.paint(out.symbols.done, 'green')} source ${out.paint(`${commit}${place}${subject}, ${size}`, 'dim')}`,
  );
  if (!packed.dirty) return;
  if (packed.commit === noCommit) {
    out.warn('The release is made from the folder as it is and marked dirty: it belongs to no commit.');
    return;
  }
  const some = packed.changed.slice(0, 3).map(harmless).join(', ');
  const more = packed.changed.length > 3 ? ', …' : '';
  const changes =
    packed.changed.length === 0
      ? 'nothing is changed'
      : `${count(packed.changed.length, 'path')} not committed: ${some}${more}`;
  out.warn(
    `The release is made from the working tree and marked dirty (${changes}). \`--commit HEAD\` takes the commit.`,
  );
}

async function followBuild(
  plane: ControlPlane,
  out: Output,
  build: BuildView,
  signal: AbortSignal,
): Promise<BuildView> {
  const view = out.isLive ? new LiveBuild(out, build) : null;
  try {
    for await (const event of plane.buildEvents(build.id, signal)) {
      if (event.event === 'end') break;
      if (event.event !== 'line') continue;
      const { text } = buildLine.parse(JSON.parse(event.data));
      if (view === null) out.line(`  ${out.paint(harmless(text), 'dim')}`);
      else view.add(harmless(text));
    }
  } finally {
    view?.close();
  }
  if (signal.aborted)
    throw new LotseError('cancelled', 'Interrupted. The build goes on; the same command follows it again.');
  const ended = await plane.build(build.id);
  if (ended.state !== 'building') return ended;
  throw new LotseError('unreachable', `Build ${build.id} says nothing any more and has not ended`, {
    hint: 'Look at the log of the control plane; the same command follows the build again.',
  });
}

function releaseOf(build: BuildView): ReleaseView {
  if (build.release !== null) return build.release;
  const { error } = build;
  const code = error !== null && isErrorCode(error.code) ? error.code : 'build-failed';
  throw new LotseError(code, error?.message ?? `Build ${build.id} ended without a release`, {
    hint: `${error?.hint ?? 'Repair it and deploy again.'}\nNothing was changed anywhere.`,
    details: error?.details ?? [],
  });
}

/** The last lines of a build and its time, in place; gone when it has ended. */
class LiveBuild {
  readonly #out: Output;
  readonly #block: LiveBlock;
  readonly #startedMs: number;
  readonly #lines: string[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(out: Output, build: BuildView) {
    this.#out = out;
    this.#block = new LiveBlock(out.people);
    this.#startedMs = Math.min(build.startedAt, Date.now());
    this.#timer = setInterval(() => this.#draw(), 100);
    this.#draw();
  }

  add(line: string): void {
    if (line.trim() !== '') this.#lines.push(line);
    if (this.#lines.length > visibleLines) this.#lines.shift();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#block.finish([]);
  }

  #draw(): void {
    const { paint } = this.#out;
    const nowMs = Date.now();
    const title = `${paint(spin(this.#out, nowMs), 'cyan')} build ${paint(formatElapsedMs(nowMs - this.#startedMs), 'cyan')}`;
    this.#block.show([title, ...this.#lines.map((line) => `  ${paint(`│ ${line}`, 'dim')}`)]);
  }
}
