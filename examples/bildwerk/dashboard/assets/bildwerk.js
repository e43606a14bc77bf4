// What the pages do beyond plain HTML: live updates, uploads with progress. Without it everything still works by forms.

for (const place of document.querySelectorAll('[data-live]')) followLive(place);
for (const form of document.querySelectorAll('[data-upload]')) makeUploader(form);
document.addEventListener('submit', (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

/** The server sends each picture again, as HTML, whenever it has changed; here it only takes its place. */
function followLive(place) {
  const source = new EventSource(place.dataset.live);
  const isGallery = place.classList.contains('grid');
  source.addEventListener('present', (event) => {
    const present = new Set(JSON.parse(event.data).ids.map((id) => `picture-${id}`));
    for (const old of place.querySelectorAll('[id^=picture-]')) if (!present.has(old.id)) old.remove();
  });
  source.addEventListener('picture', (event) => {
    const { id, html } = JSON.parse(event.data);
    const next = elementOf(html);
    const now = document.getElementById(`picture-${id}`);
    if (now) replace(now, next);
    else if (isGallery) place.prepend(next);
  });
  source.addEventListener('gone', (event) => {
    document.getElementById(`picture-${JSON.parse(event.data).id}`)?.remove();
    if (!isGallery) location.assign('/pictures');
  });
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', (event) => event.persisted && location.reload());
}

function replace(now, next) {
  if (now.outerHTML === next.outerHTML) return;
  now.replaceWith(next);
}

function elementOf(html) {
  const template = document.createElement('template');
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

function makeUploader(form) {
  const input = form.querySelector('input[type=file]');
  form.classList.add('live');
  input.addEventListener('change', () => {
    void uploadAll([...input.files]);
    input.value = '';
  });
  for (const name of ['dragenter', 'dragover']) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add('over');
    });
  }
  for (const name of ['dragleave', 'drop']) form.addEventListener(name, () => form.classList.remove('over'));
  form.addEventListener('drop', (event) => {
    event.preventDefault();
    void uploadAll([...event.dataTransfer.files]);
  });
}

/** Two at a time: the first pictures are at work while the others still travel. */
async function uploadAll(files) {
  const waiting = files.map((file) => ({ file, line: progressLine(file.name) }));
  const next = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await upload(one.file, one.line);
  };
  await Promise.all([next(), next()]);
}

async function upload(file, line) {
  try {
    const { refusals = [], message } = await send(file, (share) => (line.querySelector('progress').value = share));
    const reason = refusals[0]?.reason ?? message;
    if (reason) return tell(line, file.name, reason);
    line.remove();
  } catch {
    tell(line, file.name, 'could not be sent. Is the connection all right?');
  }
}

function send(file, onProgress) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const body = new FormData();
  body.append('picture', file);
  const request = new XMLHttpRequest();
  request.open('POST', '/pictures');
  request.setRequestHeader('accept', 'application/json');
  request.responseType = 'json';
  request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
  request.onload = () => (request.response ? resolve(request.response) : reject(new Error('no answer')));
  request.onerror = () => reject(new Error('no connection'));
  request.send(body);
  return promise;
}

function progressLine(name) {
  const line = elementOf('<li><span></span><progress max="1" value="0"></progress></li>');
  line.querySelector('span').textContent = name;
  document.querySelector('[data-uploads]').append(line);
  return line;
}

function tell(line, name, reason) {
  line.className = 'notice';
  const title = document.createElement('b');
  title.textContent = name;
  const close = document.createElement('button');
  close.className = 'link';
  close.textContent = 'Dismiss';
  close.addEventListener('click', () => line.remove());
  line.replaceChildren(title, ` ${reason} `, close);
}
