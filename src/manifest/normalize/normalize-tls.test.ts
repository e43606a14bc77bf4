import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkManifest } from '../parse-manifest.ts';
import { formatProblem } from '../problem.ts';

function check(tls: string, environment = 'production') {
  const text = `app: shop\nservices: { web: { port: 3000 } }\nenvironments:\n  ${environment}: { tls: ${tls} }\n`;
  return checkManifest(text, { file: 'f', hasDockerfile: false });
}

function tlsOf(written: string) {
  const { manifest, problems } = check(written);
  assert.deepEqual(problems.map(formatProblem), []);
  return manifest?.environments.find((each) => each.environment === 'production')?.tls;
}

function problemOf(written: string, environment?: string): string {
  const problems = check(written, environment).problems.map(formatProblem);
  assert.equal(problems.length, 1, problems.join('\n'));
  return problems[0] ?? '';
}

const automatic = { kind: 'automatic', wildcard: false, dns: null };

test('certificates come by themselves unless the file says otherwise', () => {
  assert.deepEqual(tlsOf('automatic'), { source: automatic, redirects: true, hstsMs: null });
  assert.deepEqual(tlsOf('{}'), tlsOf('automatic'));
  assert.deepEqual(tlsOf('off')?.source, { kind: 'off' });
  assert.deepEqual(tlsOf('local')?.source, { kind: 'local' });
  assert.deepEqual(tlsOf('{ hsts: off, redirect: false }'), { source: automatic, redirects: false, hstsMs: 0 });
  assert.equal(tlsOf('{ hsts: 365d }')?.hstsMs, 365 * 86_400_000);
});

test('a wildcard says how DNS records are written', () => {
  const rfc2136 = '{ server: "ns1.shop.example:5353", zone: shop.example, key: /etc/lotse/shop.tsig, ttl: 90s }';
  assert.deepEqual(tlsOf(`{ wildcard: true, dns: { rfc2136: ${rfc2136} } }`)?.source, {
    kind: 'automatic',
    wildcard: true,
    dns: {
      kind: 'rfc2136',
      server: 'ns1.shop.example:5353',
      zone: 'shop.example',
      keyFile: '/etc/lotse/shop.tsig',
      ttlS: 90,
    },
  });
  assert.deepEqual(tlsOf('{ dns: { script: /etc/lotse/dns --zone a } }')?.source, {
    kind: 'automatic',
    wildcard: false,
    dns: { kind: 'script', argv: ['/etc/lotse/dns', '--zone', 'a'] },
  });
  assert.match(problemOf('{ wildcard: true }'), /^f:4:\d+ .*tls\.wildcard: a wildcard can only be shown by DNS/);
  assert.match(problemOf('{ dns: {} }'), /either `rfc2136` or `script`/);
});

test('files are named as a pair, by paths of the server', () => {
  const files = { kind: 'files', certificate: '/etc/a.pem', key: '/etc/a.key' };
  assert.deepEqual(tlsOf('{ certificate: /etc/a.pem, key: /etc/a.key }')?.source, files);
  assert.match(problemOf('{ certificate: /etc/a.pem }'), /needs the `key`/);
  assert.match(problemOf('{ key: /etc/a.key }'), /needs the `certificate`/);
  assert.match(problemOf('{ certificate: a.pem, key: /etc/a.key }'), /a path of the server/);
  assert.match(problemOf('{ certificate: /etc/../a.pem, key: /etc/a.key }'), /a path of the server/);
  assert.match(problemOf('{ certificate: /a, key: /b, wildcard: true }'), /which names it has/);
});

test('the working tree has no certificates', () => {
  assert.match(problemOf('local', 'dev'), /so it has no `tls`/);
});
