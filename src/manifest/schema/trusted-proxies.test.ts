import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkManifest } from '../parse-manifest.ts';
import { formatProblem } from '../problem.ts';

function check(written: string) {
  const text = `app: shop\nservices: { web: { port: 3000 } }\nenvironments:\n  production: { trusted_proxies: ${written} }\n`;
  const { manifest, problems } = checkManifest(text, { file: 'f', hasDockerfile: false });
  const production = manifest?.environments.find((each) => each.environment === 'production');
  return { trusted: production?.trustedProxies, problems: problems.map(formatProblem) };
}

test('proxies in front are named by address or network', () => {
  assert.deepEqual(check('[10.0.0.0/8, "::1", fd00::/8, 192.0.2.7]').trusted, [
    { network: '10.0.0.0/8', protocol: 'http' },
    { network: '::1', protocol: 'http' },
    { network: 'fd00::/8', protocol: 'http' },
    { network: '192.0.2.7', protocol: 'http' },
  ]);
});

test('they may speak the PROXY protocol instead', () => {
  const trusted = [{ network: '10.0.0.0/8', protocol: 'proxy-v2' }];
  assert.deepEqual(check('{ networks: [10.0.0.0/8], proxy_protocol: true }').trusted, trusted);
  assert.equal(check('{ networks: [10.0.0.0/8] }').trusted?.[0]?.protocol, 'http');
});

test('what is no network is refused where it stands', () => {
  for (const written of ['10.0.0.0/33', '"fe80::1%eth0"', '10.0.0', 'proxy.example', '"10.0.0.0/08"'])
    assert.match(check(`[${written}]`).problems.join(), /^f:4:35 .*\[0\]: this is neither an IP address nor a network/);
  assert.match(check('10.0.0.0/8').problems.join(), /expected a list of networks, or a mapping with `networks`/);
  assert.match(check('{ network: [192.0.2.7] }').problems.join(), /did you mean "networks"/);
  assert.match(check('[]').problems.join(), /found an empty list/);
});
