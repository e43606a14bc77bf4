import type { Facts, Picture } from '../../model/picture.ts';
import { placeholder } from '../placeholder.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { bytesText, dayText, stepList, timeText } from './workflow-parts.ts';

export function picturePage(id: string, picture: Picture): Html {
  return html`<p class="back"><a href="/pictures">All pictures</a></p>
    <div data-live="/events?picture=${id}">${pictureDetail(id, picture)}</div>`;
}

/** All there is to see of one picture. Sent again, whole, whenever something about it changes. */
export function pictureDetail(id: string, picture: Picture): Html {
  return html`<section class="detail" id="picture-${id}">
    <div>
      ${largePicture(id, picture)}
      <h1>${picture.name}</h1>
      <p class="muted">
        Added ${dayText(picture.uploadedAt)}, ${timeText(picture.uploadedAt)} · ${bytesText(picture.bytes)}
        ${picture.kind && html` · ${picture.kind.format}`}
      </p>
      ${picture.reason && html`<p class="notice">${picture.reason}</p>`}
    </div>
    <aside>
      <h2>Workflow</h2>
      ${stepList(picture)} ${picture.facts && factsPart(picture.facts)}
      ${picture.state === 'finished' && sizesPart(id, picture)}
      <form method="post" action="/pictures/${id}/delete" data-confirm="Delete this picture for good?">
        <button class="button danger small">Delete picture</button>
      </form>
    </aside>
  </section>`;
}

function largePicture(id: string, { state, facts, sizes, name }: Picture): Html {
  if (facts === null) return html`<div class="frame blank"></div>`;
  const { width, height } = facts;
  const hint = placeholder(facts.blurhash, width / height);
  const best = sizes.find((size) => size.width >= 800) ?? sizes.at(-1);
  if (state !== 'finished' || best === undefined) {
    return html`<div class="frame"><img width="${width}" height="${height}" src="${hint}" alt="" /></div>`;
  }
  const sources = sizes.map((size) => `/pictures/${id}/${size.file} ${size.width}w`).join(', ');
  return html`<div class="frame">
    <img class="backdrop" src="${hint}" alt="" />
    <img
      src="/pictures/${id}/${best.file}"
      srcset="${sources}"
      sizes="(max-width: 900px) 94vw, 720px"
      width="${best.width}"
      height="${best.height}"
      alt="${name}"
    />
  </div>`;
}

function factsPart(facts: Facts): Html {
  const rows = [
    ['Dimensions', `${facts.width} × ${facts.height}`],
    ['Taken', facts.takenAt?.replace('T', ', ') ?? null],
    ['Camera', facts.camera],
    ['Lens', facts.lens],
    ['Exposure', facts.exposure],
    ['Location', facts.hasLocation ? 'in your original only' : null],
  ] as const;
  return html`<h2>Facts</h2>
    <dl>
      ${rows.map(
        ([title, text]) =>
          text !== null &&
          html`<dt>${title}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
    <h2>Colours</h2>
    ${palette(facts.colours)}`;
}

/** As SVG, because the pages allow no style of their own. */
function palette(colours: Facts['colours']): Html {
  const swatches = colours.map(
    ({ hex, share }, index) =>
      html`<rect x="${index * 60}" width="60" height="36" fill="${hex}">
        <title>${hex}, ${Math.round(share * 100)} %</title>
      </rect>`,
  );
  const names = colours.map(({ hex }, index) => html`<text x="${index * 60 + 30}" y="52">${hex}</text>`);
  return html`<svg class="palette" viewBox="0 0 300 56" role="img" aria-label="Dominant colours">
    ${swatches}${names}
  </svg>`;
}

function sizesPart(id: string, { sizes, name }: Picture): Html {
  const rows = sizes.map(
    ({ file, width, height, bytes }) =>
      html`<tr>
        <td>${width} × ${height}</td>
        <td>${bytesText(bytes)}</td>
        <td><a href="/pictures/${id}/${file}">Open</a></td>
      </tr>`,
  );
  return html`<h2>Sizes</h2>
    <table>
      ${rows}
      <tr>
        <td>Original</td>
        <td></td>
        <td><a href="/pictures/${id}/original" download="${name}">Download</a></td>
      </tr>
    </table>`;
}
