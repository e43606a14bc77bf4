import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRollout } from '../../../test/fixtures/dashboard/harbour-data.ts';
import type { RolloutView, StepView } from '../../../src/capabilities/releases/releases-api.ts';
import {
  boatPosition,
  currentIndex,
  deadlineLeftMs,
  elapsedMs,
  markAt,
  phaseSpans,
  shownSteps,
  stepProgress,
} from './step-progress.ts';
import { knownTitle, sentenceCase, serverTitle } from './step-title.ts';

const now = 1_000_000;
const plan = newRollout('production', 1, 'r8-9c1d2e3', 'r7-a1b2c3d');
const step = (change: Partial<StepView>): StepView => ({ ...plan.steps[0]!, ...change });
const withStates = (states: readonly StepView['state'][], status: RolloutView['status']): RolloutView => ({
  ...plan,
  status,
  steps: states.map((state) => step({ state })),
});

test('a running step looks never finished, however late it is', () => {
  const late = step({ state: 'running', startedAt: now - 3_600_000, expectedMs: 1_000 });
  assert.ok(stepProgress(late, now) < 1);
  assert.equal(stepProgress(step({ state: 'running', startedAt: now - 500, expectedMs: 1_000 }), now), 0.5);
});

test('the clock of a step runs only while the step does', () => {
  assert.equal(elapsedMs(step({ state: 'running', startedAt: now - 700 }), now), 700);
  assert.equal(elapsedMs(step({ state: 'done', startedAt: now - 700, endedAt: now - 200 }), now), 500);
  assert.equal(elapsedMs(step({ state: 'failed', startedAt: now - 700, endedAt: null }), now), null);
  assert.equal(elapsedMs(step({ state: 'next', startedAt: null }), now), null);
});

test('what is left of a deadline is never below zero', () => {
  assert.equal(deadlineLeftMs(step({ state: 'running', startedAt: now - 10_000, deadlineMs: 60_000 }), now), 50_000);
  assert.equal(deadlineLeftMs(step({ state: 'running', startedAt: now - 90_000, deadlineMs: 60_000 }), now), 0);
  assert.equal(deadlineLeftMs(step({ state: 'done', startedAt: 1, endedAt: 2 }), now), null);
});

test('the boat lies at the step under way, and at an end when the rollout has ended', () => {
  assert.deepEqual(boatPosition(withStates(['done', 'running', 'next', 'next'], 'moving')), {
    at: markAt(1, 4),
    heading: 'on',
  });
  assert.deepEqual(boatPosition(withStates(['done', 'undoing', 'failed', 'skipped'], 'returning')), {
    at: markAt(1, 4),
    heading: 'back',
  });
  assert.deepEqual(boatPosition(withStates(['done', 'done'], 'settled')), { at: 1, heading: 'on' });
  assert.deepEqual(boatPosition(withStates(['undone', 'failed'], 'returned')), { at: 0, heading: 'back' });
  assert.deepEqual(boatPosition(withStates(['done', 'failed', 'skipped'], 'stranded')), {
    at: markAt(1, 3),
    heading: 'on',
  });
});

test('between two steps the next one is the current one', () => {
  assert.equal(currentIndex(withStates(['done', 'next'], 'waiting').steps), 1);
  assert.equal(currentIndex(withStates(['done', 'done'], 'settled').steps), -1);
});

test('neighbouring steps of one phase stand under one word', () => {
  assert.deepEqual(phaseSpans(plan.steps), [
    { phase: 'start', steps: 2, from: 0 },
    { phase: 'shift', steps: 4, from: 2 },
    { phase: 'watch', steps: 1, from: 6 },
    { phase: 'settled', steps: 2, from: 7 },
  ]);
});

test('a step that is taken back is called by what takes it back', () => {
  assert.equal(serverTitle(step({ state: 'undoing' })), 'Stop r8-9c1d2e3');
  assert.equal(serverTitle(step({ state: 'running' })), 'Start r8-9c1d2e3');
});

test('what failed is marked as failed also after it was taken back', () => {
  const cause = { kind: 'start-failed', step: 'start', message: '', logTail: [], inRelease: true };
  assert.equal(shownSteps({ steps: [step({ state: 'undone' })], cause })[0]?.state, 'failed');
});

test('what a person ended did not fail', () => {
  const cause = { kind: 'aborted', step: 'start', message: '', logTail: [], inRelease: false };
  assert.equal(shownSteps({ steps: [step({ state: 'failed', startedAt: 1 })], cause })[0]?.state, 'undone');
  assert.equal(shownSteps({ steps: [step({ state: 'failed', startedAt: null })], cause })[0]?.state, 'skipped');
});

test('the name of a release keeps its small letter', () => {
  assert.equal(sentenceCase('r8-9c1d2e3 starten'), 'r8-9c1d2e3 starten');
  assert.equal(knownTitle({ id: 'toString', permille: null }), null);
});
