import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { pipeline, type PipelineView } from '../../src/capabilities/pipelines/pipelines-api.ts';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import { isLiving } from '../harness/state-processes.ts';
import type { ManifestPart } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const limits = { timeout: 600_000 };
const patience = 120_000;
const junit = (inside: string) =>
  `<testsuite><testcase name="adds"/><testcase name="pays">${inside}</testcase></testsuite>`;
const sarif = (score: string) =>
  JSON.stringify({
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Trivy', rules: [{ id: 'CVE-1', properties: { 'security-severity': score } }] } },
        results: [{ ruleId: 'CVE-1', message: { text: 'old library' } }],
      },
    ],
  });

function shop(jobs: ManifestPart, more: { readonly pipeline?: ManifestPart; readonly production?: ManifestPart } = {}) {
  return { production: more.production ?? {}, more: { pipeline: { jobs, ...more.pipeline } } };
}

async function runsOf(lotse: TemporaryLotse, release = ''): Promise<readonly PipelineView[]> {
  const query = release === '' ? '' : `?release=${release}`;
  return z.array(pipeline).parse(await lotse.client.ask(`GET /apps/shop/pipelines${query}`));
}

async function untilRun(
  lotse: TemporaryLotse,
  what: string,
  id: string,
  is: (run: PipelineView) => boolean,
): Promise<PipelineView> {
  return await until(
    `${id} ${what}`,
    async () => {
      const run = pipeline.parse(await lotse.client.ask(`GET /apps/shop/pipelines/${id}`));
      return is(run) && run;
    },
    patience,
  );
}

const isOver = ({ endedAt }: PipelineView) => endedAt !== null;
const jobOf = (run: PipelineView, name: string) => run.jobs.find(({ job }) => job === name);

/** A folder that jobs, whoever they run as, may write marks into. */
function marksOf(lotse: TemporaryLotse): (name: string) => string {
  const folder = join(lotse.folder, 'marks');
  mkdirSync(folder, { recursive: true });
  // Jobs run as a user of their own where Lotse is started by root.
  chmodSync(folder, 0o777);
  return (name) => join(folder, name);
}

describe('pipelines', () => {
  test(
    'a job that fails closes the way of its release by name; a cache fits the second time, artifacts are handed on, reports are evidence',
    limits,
    async (t) => {
      const lotse = await temporaryLotse(t);
      await lotse.start();
      const lotseOf = async (...line: string[]) => await runLotse([...line, '--app', 'shop', '--state', lotse.state]);
      const jobs = {
        prepare: {
          run: [
            "sh -c 'test -e deps/made || { mkdir -p deps; echo made > deps/made; echo made anew; }'",
            'cp deps/made handed',
          ],
          cache: { paths: 'deps', key: 'deps.lock' },
          artifacts: 'handed',
        },
        test: {
          needs: 'prepare',
          run: ['cat handed', "sh -c 'cp report-given.xml report.xml'"],
          reports: { junit: 'report.xml' },
        },
        publish: { needs: 'test', run: 'echo published' },
      };
      const files = { 'deps.lock': '1' };
      const bad = await lotse.client.release(shop(jobs), {
        files: { ...files, 'report-given.xml': junit('<failure message="late"/>') },
      });
      const [queued] = await runsOf(lotse, bad.id);
      const failed = await untilRun(lotse, 'is over', queued?.id ?? '', isOver);
      assert.equal(failed.state, 'failed', JSON.stringify(failed));
      assert.deepEqual(
        failed.jobs.map(({ job, state }) => [job, state]),
        [
          ['prepare', 'passed'],
          ['test', 'failed'],
          ['publish', 'skipped'],
        ],
      );
      assert.equal(jobOf(failed, 'prepare')?.cache, 'miss');
      const refused = await lotse.client.refusedStart(bad.id);
      assert.equal(refused.code, 'gate-closed');
      assert.match(refused.detail, /has not passed: test has failed: 1 test failed: pays/);

      const good = await lotse.client.release(shop(jobs), { files: { ...files, 'report-given.xml': junit('') } });
      const [second] = await runsOf(lotse, good.id);
      const passed = await untilRun(lotse, 'is over', second?.id ?? '', isOver);
      assert.equal(passed.state, 'passed', JSON.stringify(passed));
      assert.equal(jobOf(passed, 'prepare')?.cache, 'hit');
      const made = await lotseOf('pipeline', 'logs', passed.id, 'prepare');
      assert.equal(made.exitCode, 0, made.stderr);
      assert.doesNotMatch(made.stdout, /^made anew/m);
      assert.match((await lotseOf('pipeline', 'logs', failed.id, 'prepare')).stdout, /made anew$/m);
      assert.match(
        (await lotseOf('pipeline', 'logs', passed.id, 'test', '--follow')).stdout,
        /\$ cat handed\n.*made\n/,
      );
      assert.equal(jobOf(passed, 'prepare')?.hasArtifacts, true);
      await lotse.client.deploy(good.id);
      const evidence = await lotseOf('evidence', 'list', 'production', '--release', good.id);
      assert.match(evidence.stdout, /tests:test .*2 tests passed, 0 failed/);

      const other = await lotse.client.release(shop(jobs), {
        files: { 'deps.lock': '2', 'report-given.xml': junit('') },
      });
      const [third] = await runsOf(lotse, other.id);
      const anew = await untilRun(lotse, 'is over', third?.id ?? '', isOver);
      assert.equal(jobOf(anew, 'prepare')?.cache, 'miss', 'another lock file is another cache');

      // A release that declares no pipeline any more has to be let through by a person.
      const silent = await lotse.client.release({}, { files });
      assert.deepEqual(await runsOf(lotse, silent.id), []);
      assert.match(
        (await lotse.client.refusedStart(silent.id)).detail,
        /has not run, and here prepare, test, publish must/,
      );
      const ada = await lotse.client.person('Ada', ['admin']);
      await ada.ask('POST /apps/shop/environments/production/overrides', {
        ...{ release: silent.id, gate: 'pipeline', reason: 'no tests any more' },
      });
      await lotse.client.deploy(silent.id);
      const listed = await lotseOf('pipeline', 'list');
      assert.match(listed.stdout, new RegExp(`${passed.id} .*passed`));
      const shown = await lotseOf('pipeline', 'show', failed.id);
      assert.match(shown.stdout, /test +failed .*1 test failed: pays/);
      const journal = await lotseOf('journal', '--json', '--last', '1000');
      for (const type of ['pipeline-queued', 'pipeline-job-started', 'pipeline-job-ended', 'pipeline-ended'])
        assert.match(journal.stdout, new RegExp(type));
    },
  );

  test(
    'a run that is cancelled ends every process of its jobs; a newer run of the branch cancels the one before',
    limits,
    async (t) => {
      const lotse = await temporaryLotse(t);
      await lotse.start();
      const mark = marksOf(lotse);
      const stuck = (name: string) => ({
        stuck: { run: `sh -c 'sleep 600 & echo $! > ${mark(name)}; wait'` },
        after: { needs: 'stuck', run: 'true' },
      });
      const pidIn = async (name: string) =>
        await until(
          `${name} is there`,
          () => existsSync(mark(name)) && Number(readFileSync(mark(name), 'utf8')),
          patience,
        );

      const first = await lotse.client.release(shop(stuck('first')));
      const [begun] = await runsOf(lotse, first.id);
      const sleeper = await pidIn('first');
      assert.ok(isLiving(sleeper));
      const cancelled = await runLotse([
        'pipeline',
        'cancel',
        begun?.id ?? '',
        '--reason',
        'wrong one',
        '--app',
        'shop',
        '--state',
        lotse.state,
      ]);
      assert.equal(cancelled.exitCode, 0, cancelled.stderr);
      const over = await untilRun(lotse, 'is over', begun?.id ?? '', isOver);
      assert.equal(over.state, 'cancelled');
      assert.deepEqual(
        over.jobs.map(({ state }) => state),
        ['cancelled', 'cancelled'],
      );
      // One that has been told to end may be seen for a moment more.
      await until('its process has ended', () => !isLiving(sleeper), patience);
      assert.match((await lotse.client.refusedStart(first.id)).detail, /was cancelled by .*: wrong one/);

      const pipelineKeys = { pipeline: { concurrency: { newer: 'cancels' } } };
      const second = await lotse.client.release(shop(stuck('second'), pipelineKeys));
      const older = await pidIn('second');
      const third = await lotse.client.release(shop({ quick: { run: 'true' } }, pipelineKeys));
      const [replaced] = await runsOf(lotse, second.id);
      const [newer] = await runsOf(lotse, third.id);
      const ended = await untilRun(lotse, 'is over', replaced?.id ?? '', isOver);
      assert.equal(ended.state, 'cancelled');
      assert.equal(ended.note, `it was cancelled: ${newer?.id} is newer`);
      // One that has been told to end may be seen for a moment more.
      await until('its process has ended', () => !isLiving(older), patience);
      assert.equal((await untilRun(lotse, 'is over', newer?.id ?? '', isOver)).state, 'passed');
    },
  );

  test(
    'a control plane that is killed in the middle of a job loses nothing: the job goes on, and its end counts',
    limits,
    async (t) => {
      const lotse = await temporaryLotse(t);
      await lotse.start();
      const mark = marksOf(lotse);
      const jobs = {
        long: {
          run: [
            `sh -c 'echo started >> ${mark('started')}'`,
            `sh -c 'until test -e ${mark('go')}; do sleep 0.1; done'`,
            'cp lotse.yaml out.txt',
          ],
          artifacts: 'out.txt',
        },
        after: { needs: 'long', run: `sh -c 'test -s out.txt && exit 3'` },
        beside: { needs: 'long', run: 'cat out.txt' },
      };
      const release = await lotse.client.release(shop(jobs));
      const [run] = await runsOf(lotse, release.id);
      await until('the job runs', () => existsSync(mark('started')), patience);
      await lotse.plane.end('SIGKILL');
      // The job ends while nobody looks.
      writeFileSync(mark('go'), '');
      await lotse.start();
      const over = await untilRun(lotse, 'is over', run?.id ?? '', isOver);
      assert.deepEqual(
        over.jobs.map(({ job, state, attempt, exitCode }) => [job, state, attempt, exitCode]),
        [
          ['long', 'passed', 1, 0],
          ['after', 'failed', 1, 3],
          ['beside', 'passed', 1, 0],
        ],
      );
      assert.equal(readFileSync(mark('started'), 'utf8'), 'started\n', 'it ran once');

      // Again by hand, from the source that is kept.
      const again = await runLotse(['pipeline', 'run', release.id, '--app', 'shop', '--state', lotse.state]);
      assert.equal(again.exitCode, 11, again.stdout + again.stderr);
      assert.match(again.stdout, /after .*ended with status 3/);
      assert.equal((await runsOf(lotse, release.id)).length, 2);
    },
  );

  test(
    'jobs get the secrets of builds that they name and no others, and what a secret is stands in no log',
    limits,
    async (t) => {
      const lotse = await temporaryLotse(t);
      await lotse.start();
      const jobs = {
        named: {
          run: "sh -c 'echo token is $NPM_TOKEN and key is ${SESSION_KEY:-none}'",
          secrets: ['NPM_TOKEN'],
          config: { CI_MODE: 'on' },
        },
        bare: { run: "sh -c 'echo token is ${NPM_TOKEN:-none}, for $LOTSE_JOB of $LOTSE_RELEASE'" },
      };
      await lotse.client.ask('PUT /apps/shop/environments/build/secrets/NPM_TOKEN', { value: 'geheim-4711-lang' });
      const release = await lotse.client.release(shop(jobs));
      const [run] = await runsOf(lotse, release.id);
      const over = await untilRun(lotse, 'is over', run?.id ?? '', isOver);
      assert.equal(over.state, 'passed', JSON.stringify(over));
      const logOf = async (job: string) =>
        (await runLotse(['pipeline', 'logs', over.id, job, '--app', 'shop', '--state', lotse.state])).stdout;
      assert.match(await logOf('named'), /token is \*\*\* and key is none/);
      assert.match(await logOf('bare'), new RegExp(`token is none, for bare of ${release.id}`));
    },
  );

  test(
    'a scan with findings as severe as the gate says closes the deploy, and a named person passes it',
    limits,
    async (t) => {
      const lotse = await temporaryLotse(t);
      await lotse.start();
      const jobs = { scan: { run: 'cp given.sarif scan.sarif', reports: { sarif: 'scan.sarif' } } };
      const production = { gates: { scans: { fail_on: 'high' } } };
      const begin = async (score: string) => {
        const release = await lotse.client.release(shop(jobs, { production }), {
          files: { 'given.sarif': sarif(score) },
        });
        const [run] = await runsOf(lotse, release.id);
        assert.equal((await untilRun(lotse, 'is over', run?.id ?? '', isOver)).state, 'passed');
        return release.id;
      };
      const severe = await begin('7.5');
      const refused = await lotse.client.refusedStart(severe);
      assert.equal(refused.code, 'gate-closed');
      assert.match(refused.detail, /scan:scan found 0 critical, 1 high, 0 medium, 0 low; from high on is too much/);
      const machine = await lotse.client.refusal('POST /apps/shop/environments/production/overrides', {
        ...{ release: severe, gate: 'approval', reason: 'x y z' },
      });
      assert.ok(machine.status >= 400);
      const ada = await lotse.client.person('Ada', ['admin']);
      await ada.ask('POST /apps/shop/environments/production/overrides', {
        ...{ release: severe, gate: 'scans', reason: 'not reachable from outside' },
      });
      await lotse.client.deploy(severe);
      assert.equal((await lotse.client.environment()).overrides[0]?.gate, 'scans');

      const mild = await begin('4.5');
      await lotse.client.deploy(mild);
    },
  );
});
