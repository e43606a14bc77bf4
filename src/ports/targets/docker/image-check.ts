import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import type { HealthCheck } from '../../../docker-engine/engine-shapes.ts';
import type { OwnCheck } from '../slots/health.ts';
import type { ProbeAnswer } from '../slots/probe.ts';
import { toLotseError } from '../../../core/errors.ts';
import { isOutOfSight } from './engine-sight.ts';

const bootIntervalMs = 500;
const nsPerMs = 1e6;
const defaults = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3 };

/**
 * The HEALTHCHECK that an image brings along (Dockerfile reference), asked in the container by Lotse: exit status 0 is
 * well. Its interval, timeout and retries count once it was ready; while it boots it is asked twice a second, so a
 * start period is not needed. Null: it has none.
 */
export function imageCheck(engine: DockerEngine, container: string, check: HealthCheck): OwnCheck | null {
  const argv = argvOf(check.Test ?? []);
  if (argv === null) return null;
  const timeoutMs = msOf(check.Timeout) ?? defaults.timeoutMs;
  return {
    ask: () => askInside(engine, container, argv, timeoutMs),
    bootIntervalMs,
    steadyIntervalMs: msOf(check.Interval) ?? defaults.intervalMs,
    failures: check.Retries || defaults.retries,
  };
}

function argvOf([kind, ...words]: readonly string[]): readonly string[] | null {
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : null;
}

function msOf(ns: number | undefined): number | null {
  return ns === undefined || ns === 0 ? null : Math.round(ns / nsPerMs);
}

async function askInside(
  engine: DockerEngine,
  container: string,
  argv: readonly string[],
  timeoutMs: number,
): Promise<ProbeAnswer> {
  try {
    const { status, output } = await engine.execs.run(
      container,
      { Cmd: argv },
      { signal: AbortSignal.timeout(timeoutMs) },
    );
    return status === 0 ? { kind: 'ok' } : { kind: 'bad', why: describe(status, output) };
  } catch (error) {
    const { code, message } = toLotseError(error);
    if (isOutOfSight(error)) return { kind: 'unseen', why: message };
    if (code === 'cancelled') return { kind: 'bad', why: `its health check took longer than ${timeoutMs / 1000} s` };
    return { kind: 'bad', why: `its health check could not be asked (${message})` };
  }
}

function describe(status: number | null, output: string): string {
  const said = output.trim().split('\n').at(-1) ?? '';
  return `its health check ended with ${status}${said === '' ? '' : `: ${said.slice(0, 200)}`}`;
}
