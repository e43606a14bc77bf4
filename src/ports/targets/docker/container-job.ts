import type { ContainerDetails, EngineInfo } from '../../../docker-engine/engine-shapes.ts';
import { ContainerAttempt } from './container-attempt.ts';

const infoTimeoutMs = 10_000;

/**
 * The container of a job. One that the engine has taken down tells nothing by its exit status: a program that is told to
 * end in the middle of its work may say that it has failed, or that all is well.
 */
export class ContainerJob extends ContainerAttempt {
  protected override async exitStatusOf(details: ContainerDetails): Promise<number | null> {
    const { engine, sight } = this.machine;
    this.sawEngineBreak ||= !(await sight.isOpen());
    if (!this.sawEngineBreak) return details.State.ExitCode;
    const info: EngineInfo & { readonly LiveRestoreEnabled?: boolean } = await engine.info({
      timeoutMs: infoTimeoutMs,
    });
    return info.LiveRestoreEnabled === true ? details.State.ExitCode : null;
  }
}
