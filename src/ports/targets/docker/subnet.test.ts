import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contains, formatSubnet, ipAt, overlap, parseSubnet, sizeOf } from './subnet.ts';

function subnet(text: string) {
  return parseSubnet(text) ?? assert.fail(text);
}

test('a subnet is read, begins at its first address, and is written again', () => {
  assert.equal(formatSubnet(subnet('10.213.7.9/24')), '10.213.7.0/24');
  assert.equal(sizeOf(subnet('10.213.0.0/16')), 65_536);
  assert.equal(ipAt(subnet('10.213.7.0/24'), 1), '10.213.7.1');
  assert.equal(ipAt(subnet('255.255.255.0/24'), 255), '255.255.255.255');
  for (const text of ['', '10.213.0.0', '10.213.0/16', '10.213.0.256/16', '10.0.0.0/33', 'fd00::/8']) {
    assert.equal(parseSubnet(text), null, text);
  }
});

test('subnets overlap where one holds an address of the other', () => {
  assert.equal(overlap(subnet('10.213.0.0/16'), subnet('10.213.7.0/24')), true);
  assert.equal(overlap(subnet('10.213.7.0/24'), subnet('10.213.0.0/16')), true);
  assert.equal(overlap(subnet('10.213.6.0/24'), subnet('10.213.7.0/24')), false);
  assert.equal(contains(subnet('10.213.7.0/24'), '10.213.7.255'), true);
  assert.equal(contains(subnet('10.213.7.0/24'), '10.213.8.0'), false);
  assert.equal(contains(subnet('10.213.7.0/24'), '::ffff:10.213.7.1'), false);
});
