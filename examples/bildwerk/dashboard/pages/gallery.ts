import type { DocumentSnapshot } from '../../documents/documents.ts';
import type { Picture } from '../../model/picture.ts';
import { placeholder } from '../placeholder.ts';
import type { Refusal } from '../upload-pictures.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { bytesText, stepLine } from './workflow-parts.ts';

export function galleryPage(pictures: readonly DocumentSnapshot<Picture>[], refusals: readonly Refusal[]): Html {
  return html`<section>
    <form class="drop" method="post" action="/pictures" enctype="multipart/form-data" data-upload>
      <label>
        <b>Add pictures</b>
        <span class="muted">Drop them here, or choose files: JPEG, PNG, WebP, GIF or AVIF, up to 15 MB each</span>
        <input type="file" name="picture" accept="image/*" multiple required />
      </label>
      <button class="button">Upload</button>
    </form>
    <ul class="uploads" data-uploads aria-live="polite">
      ${refusals.map(({ name, reason }) => html`<li class="notice"><b>${name}</b> ${reason}</li>`)}
    </ul>
    <div class="grid" data-live="/events">${pictures.map(({ id, data }) => pictureCard(id, data))}</div>
    <p class="empty muted">Nothing here yet. The first picture you add will appear in this place.</p>
  </section>`;
}

/** One picture in the gallery. Sent again, whole, whenever something about it changes. */
export function pictureCard(id: string, picture: Picture): Html {
  return html`<article class="picture ${picture.state}" id="picture-${id}">
    <a href="/pictures/${id}" aria-label="${picture.name}">${thumbnail(id, picture)}</a>
    <div class="caption">
      <b title="${picture.name}">${picture.name}</b>
      ${cardText(picture)}
    </div>
  </article>`;
}

function cardText(picture: Picture): Html {
  switch (picture.state) {
    case 'working':
      return stepLine(picture);
    case 'finished':
      return html`<span class="muted"
        >${picture.facts?.width} × ${picture.facts?.height} · ${bytesText(picture.bytes)}</span
      >`;
    case 'refused':
    case 'failed':
      return html`<span class="reason">${picture.reason}</span>`;
  }
}

function thumbnail(id: string, { state, facts, sizes, name }: Picture): Html {
  const hint =
    facts && html`<img class="hint" src="${placeholder(facts.blurhash, facts.width / facts.height)}" alt="" />`;
  const smallest = sizes[0];
  if (state !== 'finished' || smallest === undefined) return html`<span class="thumb">${hint}</span>`;
  const sources = sizes.slice(0, 2).map(({ file, width }) => `/pictures/${id}/${file} ${width}w`);
  return html`<span class="thumb"
    >${hint}<img
      src="/pictures/${id}/${smallest.file}"
      srcset="${sources.join(', ')}"
      sizes="(max-width: 600px) 90vw, 300px"
      alt="${name}"
      loading="lazy"
  /></span>`;
}
