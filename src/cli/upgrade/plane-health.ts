import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { toLotseError } from '../../core/errors.ts';
import { ProxyControl } from '../../proxy/control-client.ts';
import { urlPath } from '../client.ts';
import { count } from '../output.ts';
import { readClientFile } from '../state-folder.ts';
import type { LotseProgram } from './lotse-program.ts';
import { runningPlane } from './running-plane.ts';
import type { Expected } from './upgrade-record.ts';

const everyMs = 500;
/** In a row, so that one which ends again and again does not pass. */
const neededLooks = 3;
const answerMs = 10_000;

/** No more of the answers than versions before and after this one have as well. */
const apps = z.array(z.object({ app: z.string() }));
const environments = z.array(
  z.object({
    environment: z.string(),
    release: z.string().nullable(),
    services: z.array(z.object({ slots: z.array(z.object({ state: z.string() })) })),
  }),
);

export interface HealthWishes {
  readonly state: string;
  readonly program: LotseProgram;
  readonly expected: readonly Expected[];
  readonly withinMs: number;
  /** Why it will never be well; null: it may be. */
  readonly isOver: () => string | null;
}

/**
 * Waits until the control plane of this program is well: it owns the state, its API answers in its version, the proxy has
 * confirmed its document, and every environment is seen with what ran in it before. Null when it is; else why not.
 */
export async function untilWell(wishes: HealthWishes): Promise<string | null> {
  const deadlineMs = performance.now() + wishes.withinMs;
  let inARow = 0;
  for (;;) {
    const problem = await whatIsWrong(wishes).catch((thrown: unknown) => toLotseError(thrown).message);
    inARow = problem === null ? inARow + 1 : 0;
    if (inARow === neededLooks) return null;
    const over = problem === null ? null : wishes.isOver();
    if (over !== null) return over;
    if (performance.now() > deadlineMs)
      return `not well after ${Math.round(wishes.withinMs / 1000)} s: ${problem ?? 'it came too late'}`;
    await sleep(everyMs);
  }
}

async function whatIsWrong({ state, program, expected }: HealthWishes): Promise<string | null> {
  if (runningPlane(state)?.mainFile !== program.mainFile) return 'its control plane does not own the state';
  const version = await ask(state, '/health', z.object({ version: z.string() }));
  if (version.version !== program.version) return `the API answers as Lotse ${version.version}`;
  const seen = await seenNow(state);
  const lacking = expected.filter((was) => {
    const is = seen.find((each) => each.app === was.app && each.environment === was.environment);
    return is === undefined || (was.ready > 0 && is.ready === 0);
  });
  if (lacking.length > 0)
    return `not seen again: ${lacking.map(({ app, environment }) => `${app}/${environment}`).join(', ')}`;
  return await whatTheProxyLacks(state);
}

async function whatTheProxyLacks(state: string): Promise<string | null> {
  const folder = join(state, 'proxy');
  if (!existsSync(join(folder, 'document.json'))) return null;
  const { confirmed, problems } = await new ProxyControl(folder).status();
  return confirmed ? null : `the proxy has not confirmed its document ${problems.join('; ')}`;
}

/** What serves, and how many instances are ready. Errors: those of fetch, when nobody answers. */
export async function seenNow(state: string): Promise<readonly Expected[]> {
  const all = await ask(state, urlPath('/apps', {}), apps);
  const seen = all.map(async ({ app }) => {
    const views = await ask(state, urlPath('/apps/:app/environments', { path: { app } }), environments);
    return views.flatMap(({ environment, release, services }) => {
      const ready = services.flatMap(({ slots }) => slots).filter((slot) => slot.state === 'ready').length;
      return release === null ? [] : [{ app, environment, release, ready }];
    });
  });
  return (await Promise.all(seen)).flat();
}

/** By the address and the token of this machine; whatever version answers. */
async function ask<Shape extends z.ZodType>(state: string, path: string, shape: Shape): Promise<z.output<Shape>> {
  const local = readClientFile(state);
  if (local === null) throw new Error(`${state} has no client.json`);
  const answer = await fetch(local.server + path, {
    headers: { authorization: `Bearer ${local.token ?? ''}` },
    signal: AbortSignal.timeout(answerMs),
  });
  if (answer.ok) return shape.parse(await answer.json());
  await answer.body?.cancel();
  throw new Error(`${path} answers ${answer.status}`);
}

/** For people. */
export function sayExpected(expected: readonly Expected[]): string {
  const ready = expected.reduce((sum, each) => sum + each.ready, 0);
  return `${count(expected.length, 'environment')}, ${count(ready, 'instance')} ready`;
}
