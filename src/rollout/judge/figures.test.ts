import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listed, moreTime, oneIn, percent } from './figures.ts';

it('percentages have two digits that count', () => {
  assert.deepEqual([0.031, 0.005, 0.12345, 1, 0, 0.000012].map(percent), [
    ...['3.1 %', '0.5 %', '12 %', '100 %', '0 %', '0.0012 %'],
  ]);
});

it('evidence is told as a chance', () => {
  assert.deepEqual([Math.log(600), Math.log(2_345), Math.log(234_567), -3, 40].map(oneIn), [
    ...['1 in 600', '1 in 2,300', '1 in 230,000', '1 in 1', 'less than 1 in a million'],
  ]);
  assert.equal(oneIn(Math.log(999_000)), '1 in 1,000,000');
});

it('times are told roughly', () => {
  const minute = 60_000;
  assert.deepEqual([10_000, minute, 4.2 * minute, 89 * minute, 150 * minute, 3_000 * minute].map(moreTime), [
    ...['half a minute more is', '1 more minute is', '4 more minutes are'],
    ...['89 more minutes are', '3 more hours are', '2 more days are'],
  ]);
  assert.deepEqual([0.75 * minute, 90 * minute, 36 * 60 * minute].map(moreTime), [
    ...['1 more minute is', '2 more hours are', '2 more days are'],
  ]);
});

it('names are listed as people do', () => {
  assert.deepEqual([listed([]), listed(['web']), listed(['web', 'api', 'admin'])], ['', 'web', 'web, api and admin']);
});
