import { after } from 'node:test';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startOtherMachine } from '../../../../test/harness/other-machine.ts';
import { startServerTargetTest } from '../../../../test/harness/server-target-setup.ts';
import { startStandIn } from '../../../../test/harness/stand-in-link.ts';
import { targetContract } from '../targets.contract.ts';

const found = await findTestEngine();
const machine = await startOtherMachine({ withBaseImage: false });
const skip = found.skip === false ? machine.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);

if (found.skip === false && machine.skip === false) {
  const { standIn, end } = await startStandIn(machine, 'tcp://other.example');
  after(() => {
    end();
    machine.release();
  });
  targetContract('docker target on another machine', () => startServerTargetTest(found, machine, standIn));
}
