import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveService, findEnvironment } from '../effective-service.ts';
import { checkManifest } from '../parse-manifest.ts';
import { formatProblem } from '../problem.ts';

const one = 'ssh://lotse@de1.shop.example';
const two = 'tcp://de2.shop.example:2376';

function check(servers: readonly string[], app = 'target: docker') {
  const production = servers.length === 0 ? '{}' : `{ servers: [${servers.join(', ')}] }`;
  const services = '{ web: { port: 3000 }, api: { port: 3001, path: /api, instances: 5 }, worker: { run: node w.js } }';
  const text = `app: shop\n${app}\nservices: ${services}\nenvironments: { production: ${production} }\n`;
  const { manifest, problems } = checkManifest(text, { file: 'f', hasDockerfile: false });
  return { manifest, problems: problems.map(formatProblem) };
}

test('a word that is no address, or is there twice, is refused at its place', () => {
  assert.deepEqual(check([one, two]).problems, []);
  assert.match(check([one, 'ssh://lotse:secret@de1']).problems[0] ?? '', /servers\[1\].*a password has no place here/);
  assert.match(check([one, two, one]).problems[0] ?? '', /servers\[2\].*is named twice/);
});

test('the same machine is the same in whatever words, and this one is no server', () => {
  const spellings = [
    ['ssh://de1.shop.example', 'ssh://root@DE1.shop.example.:22/run/docker.sock'],
    ['ssh://lotse@de1.shop.example', 'tcp://de1.shop.example'],
    ['tcp://[2001:db8::1]', 'tcp://[2001:DB8:0::1]:2376'],
  ];
  for (const [first = '', second = ''] of spellings) {
    const [problem = '', ...others] = check([`"${first}"`, `"${second}"`]).problems;
    assert.match(problem, /f:4:\d+.*servers\[1\].*is the same machine as/, second);
    assert.deepEqual(others, []);
  }
  assert.deepEqual(check(['ssh://gate.example:2201', 'ssh://gate.example:2202']).problems, []);
  assert.match(
    check(['ssh://root@localhost']).problems[0] ?? '',
    /is the machine that Lotse runs on: leave `servers` out/,
  );
  assert.deepEqual(check(['ssh://vagrant@127.0.0.1:2222']).problems, []);
});

test('on other machines an environment has no name unless one is given: those of this machine lead nowhere', () => {
  const { manifest } = check([one]);
  assert.deepEqual(manifest?.environments.find(({ environment }) => environment === 'production')?.domains, []);
});

test('processes run on the machine of Lotse only', () => {
  assert.match(check([one], 'target: process').problems[0] ?? '', /`servers` run containers/);
  assert.match(check([one], '').problems[0] ?? '', /`servers` run containers/);
});

test('a folder store is on one machine, so several are refused beside it', () => {
  const app = 'target: docker\nstores: { pictures: { folder: pictures } }';
  assert.deepEqual(check([one], app).problems, []);
  assert.match(check([one, two], app).problems[0] ?? '', /the store pictures is a folder of one machine/);
});

test('a web service has an instance on each machine, and a worker as many as are written', () => {
  const { manifest } = check([]);
  assert.ok(manifest);
  const production = { ...findEnvironment(manifest, 'production'), servers: [one, two] };
  const instances = (service: string): number => effectiveService(manifest, production, service).instances;
  assert.deepEqual(['web', 'api', 'worker'].map(instances), [2, 5, 1]);
});
