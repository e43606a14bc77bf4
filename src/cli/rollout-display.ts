import type { RolloutView, StepView } from '../capabilities/releases/releases-api.ts';
import { judgedKey, sentenceLine, shareLine, shareNow } from './judge-lines.ts';
import { LiveBlock } from './live-block.ts';
import type { Output } from './output.ts';
import { rolloutTitle, stepLine, stepLines } from './rollout-lines.ts';
import { wrap } from './text-layout.ts';

/** Shows a rollout while it moves. */
export interface RolloutDisplay {
  show(rollout: RolloutView): void;
  remark(text: string): void;
  /** Leaves on the screen how it stands. */
  close(): void;
}

export function displayFor(out: Output): RolloutDisplay {
  return out.isLive ? new LiveDisplay(out) : new LogDisplay(out);
}

const frameMs = 100;

/** For a person who watches: a list that changes in place, with running times. */
class LiveDisplay implements RolloutDisplay {
  readonly #out: Output;
  readonly #block: LiveBlock;
  #rollout: RolloutView | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(out: Output) {
    this.#out = out;
    this.#block = new LiveBlock(out.people);
  }

  show(rollout: RolloutView): void {
    if (this.#rollout !== null && this.#rollout.id !== rollout.id) this.close();
    this.#rollout = rollout;
    this.#timer ??= setInterval(() => this.#draw(), frameMs);
    this.#draw();
  }

  remark(text: string): void {
    this.#block.above([text]);
    this.#draw();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#rollout !== null) this.#block.finish(this.#lines(this.#rollout, null));
    this.#timer = null;
    this.#rollout = null;
  }

  #draw(): void {
    if (this.#rollout !== null) this.#block.show(this.#lines(this.#rollout, Date.now()));
  }

  #lines(rollout: RolloutView, nowMs: number | null): readonly string[] {
    const lines = [rolloutTitle(rollout, this.#out), ...stepLines(rollout, this.#out, nowMs)];
    if (rollout.judged === null || shareNow(rollout) === null) return lines;
    const width = Math.max(40, (this.#out.people.columns ?? 80) - 3);
    return [...lines, ...wrap(sentenceLine(rollout.judged, this.#out), width).map((line) => `  ${line}`)];
  }
}

/** For logs: a line when a share begins, a step ends or the judge thinks something else; never one that changes. */
class LogDisplay implements RolloutDisplay {
  readonly #out: Output;
  readonly #said = new Set<string>();

  constructor(out: Output) {
    this.#out = out;
  }

  show(rollout: RolloutView): void {
    this.#once(rollout.id, rolloutTitle(rollout, this.#out));
    for (const step of rollout.steps) this.#stepAhead(rollout, step);
    this.#judge(rollout);
    const back = rollout.steps.filter((step) => step.state === 'undone').toReversed(); // the last step first
    for (const step of back) this.#end(rollout, step);
  }

  #stepAhead(rollout: RolloutView, step: StepView): void {
    if (step.state === 'running') this.#share(rollout, step);
    if (step.state === 'done' || step.state === 'failed') this.#end(rollout, step);
  }

  #end(rollout: RolloutView, step: StepView): void {
    this.#once(`${rollout.id} ${step.id} ${step.state}`, stepLine(rollout, step, this.#out));
  }

  #share(rollout: RolloutView, step: StepView): void {
    if (step.judged && step.permille !== null)
      this.#once(`${rollout.id} ${step.id} share`, shareLine(rollout, step, this.#out));
  }

  #judge(rollout: RolloutView): void {
    const key = judgedKey(rollout);
    if (key === null || rollout.judged === null) return;
    this.#once(`${rollout.id} ${key}`, `${rollout.environment}    ${sentenceLine(rollout.judged, this.#out)}`);
  }

  remark(text: string): void {
    this.#out.line(text);
  }

  close(): void {
    // every line is written already
  }

  #once(key: string, line: string): void {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#out.line(line);
  }
}
