import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerAddress } from './server-address.ts';

test('a server is reached by ssh or by TCP with TLS, and what is left out is the usual', () => {
  const ssh = { kind: 'ssh', user: null, port: null, socket: '/var/run/docker.sock' };
  const read: readonly (readonly [string, object])[] = [
    ['ssh://de1.shop.example', { ...ssh, host: 'de1.shop.example' }],
    ['ssh://lotse@de1', { ...ssh, user: 'lotse', host: 'de1' }],
    ['ssh://lotse@192.0.2.7:2222/', { ...ssh, user: 'lotse', host: '192.0.2.7', port: 2222 }],
    ['ssh://a@[2001:db8::1]:22', { ...ssh, user: 'a', host: '2001:db8::1', port: 22 }],
    ['ssh://de1/run/user/1000/docker.sock', { ...ssh, host: 'de1', socket: '/run/user/1000/docker.sock' }],
    ['tcp://de1:2377', { kind: 'tcp', host: 'de1', port: 2377 }],
    ['tcp://[2001:db8::1]', { kind: 'tcp', host: '2001:db8::1', port: 2376 }],
  ];
  for (const [word, address] of read) assert.deepEqual(parseServerAddress(word), address);
});

test('a word that is no address of a server is refused, and it is said why', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['de1.shop.example', /should begin with `ssh:\/\/` or `tcp:\/\/`/],
    ['http://de1', /`http:\/\/` is not among/],
    ['unix:///var/run/docker.sock', /`unix:\/\/` is not among/],
    ['ssh://', /the host is missing/],
    ['ssh://lotse@', /the host is missing/],
    ['ssh://-oProxyCommand=x', /`-oProxyCommand=x` is not a host/],
    ['ssh://-l@de1', /`-l` is not a user/],
    ['ssh://a b@de1', /`a b` is not a user/],
    ['ssh://lotse:secret@de1', /^`ssh:\/\/lotse:…@de1` .* a password has no place here/],
    ['ssh://de1:0', /`0` is not a port/],
    ['ssh://de1:ssh', /`ssh` is not a port/],
    ['ssh://de1/a:b', /`\/a:b` is not the path of a socket/],
    ['tcp://lotse@de1', /by their certificates/],
    ['tcp://de1:2376/run/docker.sock', /a path belongs to `ssh:\/\/` only/],
  ];
  for (const [word, message] of refused)
    assert.throws(() => parseServerAddress(word), { code: 'bad-input', message, hint: /ssh:\/\/USER@HOST/ }, word);
});
