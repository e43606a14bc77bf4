import assert from 'node:assert/strict';
import type { ForeignApp } from './foreign-app.ts';
import { until } from './until.ts';
import { visit } from './visit.ts';
import { underLoad } from './watched-load.ts';

interface Change {
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
  /** What users read before and after. */
  readonly before: string;
  readonly after: string;
}

/** Up, a change under load, back again, and all the commands that look at it; then down. */
export async function sail(
  app: ForeignApp,
  { file, from, to, before, after }: Change,
): Promise<{ readonly deployed: string }> {
  const up = await app.upAndLeave();
  assert.match(up.stdout, /^production live {2}r1-/m, up.said);
  const port = await app.port();
  assert.equal((await visit(port)).body, before);

  app.change(file, from, to);
  app.commit('a change');
  const { value: deployed, load } = await underLoad(port, () => app.ok('deploy', 'production'));
  assert.match(deployed.stdout, /^production live {2}r2-/m);
  assert.ok(load.ok > 0);
  assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
  assert.equal((await visit(port)).body, after);

  const second = await underLoad(port, () => app.ok('rollback', 'production', '--reason', 'only a test'));
  assert.match(second.value.stdout, /^production back on {2}r1-/m, second.value.said);
  assert.deepEqual(second.load.failures, {}, `of ${second.load.sent} requests`);
  assert.equal((await visit(port)).body, before);

  await look(app);
  await app.ok('down', 'production', '--yes', 'production');
  await until('users get the maintenance page', async () => (await visit(port)).status === 503);
  return { deployed: deployed.said };
}

/** `status`, `logs` and `run`, at the same time. */
async function look(app: ForeignApp): Promise<void> {
  const [status, , ran] = await Promise.all([
    app.ok('status'),
    app.ok('logs', 'production'),
    app.ok('run', 'production', '--', 'node', '-e', 'console.log("ran in", process.env.LOTSE_ENVIRONMENT)'),
  ]);
  assert.match(status.stdout, /^production +r1-/m);
  assert.match(ran.stdout, /ran in production/);
}
