import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import { bringToServers, refuseUnprepared } from './prepare-servers.ts';

const manifest = parseManifest(
  `app: shop
target: docker
services: { web: { port: 3000 } }
environments:
  staging: { servers: [ssh://one] }
  production: { servers: [ssh://one, ssh://two] }
`,
  { file: 'lotse.yaml', hasDockerfile: true },
);
const artifact = 'sha256:1';

function machines(away: readonly string[]) {
  const prepared: string[] = [];
  const prepareServer = async (server: string): Promise<void> => {
    if (away.includes(server)) throw new LotseError('unreachable', 'no way', { retriable: true });
    prepared.push(server);
  };
  return { prepared, context: { prepareServer, now: () => 0 } };
}

test('a build brings the image to each machine of the app once, and one that is away fails nothing', async () => {
  const { prepared, context } = machines(['ssh://two']);
  const lines: string[] = [];
  await bringToServers(context, manifest, artifact, (line) => lines.push(line));
  assert.deepEqual(prepared, ['ssh://one']);
  assert.deepEqual(lines.toSorted(), [
    'bringing the image to ssh://one',
    'bringing the image to ssh://two',
    'the image is not on ssh://two yet: no way',
    'the image is on ssh://one after 0.0 s',
  ]);
});

test('a deploy to a machine that is away is refused with its name; to this machine nothing is brought', async () => {
  const { prepared, context } = machines(['ssh://two']);
  const refused = refuseUnprepared(
    context,
    { environment: 'production', servers: ['ssh://one', 'ssh://two'] },
    artifact,
  );
  await assert.rejects(refused, { code: 'unreachable', message: 'ssh://two: no way', retriable: true });
  await refuseUnprepared(context, { environment: 'production', servers: [] }, artifact);
  assert.deepEqual(prepared, ['ssh://one']);
});
