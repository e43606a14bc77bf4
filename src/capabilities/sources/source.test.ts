import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../core/secret.ts';
import { isSignedBy } from './check-signature.ts';
import { checkBranch, checkFolder, interfaceOf, kindOf, parseAddress } from './source-address.ts';
import { judgeDelivery } from './source.ts';

const commit = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

test('signatures are those that GitHub documents, and of no other secret, body or kind', () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  const secret = new Secret("It's a Secret to Everybody");
  const body = Buffer.from('Hello, World!');
  const hex = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  assert.ok(isSignedBy(secret, 'github', `sha256=${hex}`, body));
  assert.ok(isSignedBy(secret, 'gitea', hex, body));
  assert.ok(isSignedBy(secret, 'gitlab', secret.reveal(), body));
  for (const [kind, shown] of [
    ['github', ''],
    ['github', `sha256=${hex.slice(1)}`],
    ['github', `sha256=${hex.replace('7', '8')}`],
    ['gitea', `sha256=${hex}`],
    ['gitlab', hex],
    ['gitlab', ''],
  ] as const)
    assert.ok(!isSignedBy(secret, kind, shown, body), `${kind} ${shown}`);
  assert.ok(!isSignedBy(secret, 'github', `sha256=${hex}`, Buffer.from('Hello, World?')));
  assert.ok(!isSignedBy(new Secret('other'), 'github', `sha256=${hex}`, body));
});

test('only a push to the branch of the rule is deployed', () => {
  const github = { kind: 'github', branch: 'main' } as const;
  const push = { ref: 'refs/heads/main', after: commit, repository: { full_name: 'acme/shop' } };
  assert.deepEqual(judgeDelivery(github, 'push', push), { kind: 'deploy', commit });
  assert.equal(judgeDelivery({ kind: 'gitlab', branch: 'main' }, 'Push Hook', push).kind, 'deploy');
  assert.equal(
    judgeDelivery({ kind: 'gitea', branch: 'feature/x' }, 'push', { ...push, ref: 'refs/heads/feature/x' }).kind,
    'deploy',
  );
  for (const [event, body, why] of [
    ['ping', { zen: 'Keep it logically awesome.' }, /ping/],
    ['push', { ...push, ref: 'refs/heads/other' }, /other/],
    ['push', { ...push, ref: 'refs/tags/main' }, /tags/],
    ['push', { ...push, after: '0'.repeat(40) }, /deleted/],
    ['push', [], /names no ref/],
    ['Push Hook', push, /no push/],
  ] as const) {
    const judged = judgeDelivery(github, event, body);
    assert.match(judged.kind === 'ignored' ? judged.why : '', why);
  }
});

test('addresses lead to a repository and its interface, and hold no login', () => {
  const interfaces = [
    ['https://github.com/acme/shop.git', undefined, 'https://api.github.com acme/shop'],
    ['git@github.com:acme/shop.git', undefined, 'https://api.github.com acme/shop'],
    ['https://ghe.acme.example/acme/shop', 'github', 'https://ghe.acme.example/api/v3 acme/shop'],
    ['ssh://git@gitlab.com:22/acme/part/shop.git', undefined, 'https://gitlab.com/api/v4 acme/part/shop'],
    ['https://codeberg.org/acme/shop.git', undefined, 'https://codeberg.org/api/v1 acme/shop'],
  ] as const;
  for (const [text, said, wanted] of interfaces) {
    const address = parseAddress(text);
    assert.equal(`${interfaceOf(kindOf(address, said), address)} ${address.path}`, wanted);
  }
  const refused = [
    '/srv/git/shop.git',
    'file:///srv/shop.git',
    '--upload-pack=id',
    'ext::sh -c id',
    'https://ada:pw@github.com/a/b',
    'https://github.com/',
    'https://github.com/a/b?x',
    'git@host:-x',
  ];
  for (const text of refused) assert.throws(() => parseAddress(text), { code: 'bad-input' }, text);
  assert.throws(() => kindOf(parseAddress('https://git.acme.example/a/b'), undefined), /What is|what is/);
  for (const branch of ['-x', 'a..b', 'a b', 'x.lock', '/a', 'a~1', 'a:b'])
    assert.throws(() => checkBranch(branch), { code: 'bad-input' });
  for (const folder of ['/etc', '../x', 'a//b', 'a/../b', '-x'])
    assert.throws(() => checkFolder(folder), { code: 'bad-input' });
  checkBranch('feature/äöü-1');
  checkFolder('apps/web');
});
