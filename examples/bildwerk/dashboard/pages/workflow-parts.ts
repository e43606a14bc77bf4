import { stepNames } from '../../model/picture.ts';
import type { Picture, Step, StepName } from '../../model/picture.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';

export const stepTitles: { readonly [step in StepName]: string } = {
  check: 'Check',
  facts: 'Facts',
  sizes: 'Sizes',
  publish: 'Publish',
};

/** The four steps as a line of marks, for a card. */
export function stepLine(picture: Picture): Html {
  const items = stepNames.map((name) => {
    const step = picture.steps[name];
    return html`<li class="step ${step.state}"><span>${stepTitles[name]}</span></li>`;
  });
  return html`<ol class="steps" aria-label="Workflow">
    ${items}
  </ol>`;
}

/** The same with who did what and when, for the page of one picture. */
export function stepList(picture: Picture): Html {
  const items = stepNames.map((name) => {
    const step = picture.steps[name];
    return html`<li class="step ${step.state}">
      <b>${stepTitles[name]}</b>
      <span class="muted">${stepText(step)}</span>
    </li>`;
  });
  return html`<ol class="steps tall" aria-label="Workflow">
    ${items}
  </ol>`;
}

function stepText({ state, attempts, mark }: Step): string {
  switch (state) {
    case 'waiting':
      return 'waits for the step before';
    case 'ready':
      return attempts > 0 ? 'will be tried again' : 'waits for a worker';
    case 'running':
      return attempts > 1 ? `at work, attempt ${attempts}` : 'at work';
    case 'done':
      return mark ? `${timeText(mark.at)} by release ${mark.release}` : 'done';
    case 'failed':
      return 'did not work';
  }
}

export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`;
}

export function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** 1234567 → "1.2 MB" */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
