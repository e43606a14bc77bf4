import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TrustedProxies } from './trusted-proxies.ts';

describe('trusted proxies', () => {
  const trusted = new TrustedProxies([
    { network: '10.0.0.0/8', protocol: 'http' },
    { network: '10.1.0.0/16', protocol: 'proxy-v2' },
    { network: '192.0.2.7', protocol: 'http' },
    { network: 'fd00::/8', protocol: 'http' },
    { network: '2001:db8::1', protocol: 'proxy-v2' },
    { network: '198.51.100.0/24', protocol: 'http' },
    { network: '198.51.100.0/24', protocol: 'proxy-v2' },
  ]);

  it('are found by address and network, whatever the family', () => {
    assert.equal(trusted.protocolOf('10.2.3.4'), 'http');
    assert.equal(trusted.protocolOf('192.0.2.7'), 'http');
    assert.equal(trusted.protocolOf('fdff::1'), 'http');
    assert.equal(trusted.protocolOf('2001:db8::1'), 'proxy-v2');
    for (const other of ['11.0.0.1', '192.0.2.8', 'fe00::1', '2001:db8::2', '::1'])
      assert.equal(trusted.protocolOf(other), null, other);
  });

  it('are the same when their IPv4 address is written as an IPv6 one', () => {
    assert.equal(trusted.protocolOf('::ffff:10.2.3.4'), 'http');
    assert.equal(trusted.protocolOf('::ffff:11.2.3.4'), null);
  });

  it('speak as the narrowest network says, and of equal ones as the stricter one', () => {
    assert.equal(trusted.protocolOf('10.1.3.4'), 'proxy-v2');
    assert.equal(trusted.protocolOf('198.51.100.9'), 'proxy-v2');
  });

  it('are never what is no address', () => {
    for (const text of ['', 'unknown', 'fd00::1%eth0', '10.0.0', '10.0.0.1:80'])
      assert.equal(trusted.protocolOf(text), null, text);
  });
});
