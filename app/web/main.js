// The page: hands what the pad holds to the server, and what comes back to those who show it.

import { clearInsight, showSeen, showTimes } from './insight.js';
import { Live } from './live.js';
import { Notice } from './notice.js';
import { Pad } from './pad.js';
import { listenForPictures } from './pictures.js';
import { Reading } from './reading.js';
import { makeSamples } from './samples.js';
import { Watch, hasKey, send, useKey } from './service.js';
import { SNIPPETS } from './snippets.js';
import { preferredLanguage, say, speak, switchLanguage } from './words.js';

const DRAWN_NAME = 'digit.png';
const LARGE_BYTES = 2 ** 20; // a server may hang up on what is larger than it takes

const find = (id) => document.getElementById(id);
const state = { isNumber: false, last: null, isStale: false, health: null, language: 'curl' };

const reading = new Reading();
const notice = new Notice();
const pad = new Pad(find('pad'), {
  penWidth: () => find('width').valueAsNumber / 100,
  onChange: () => { follow(); if (pad.scenes.isEmpty) reading.tell(say('cleared')); },
  onCursor: showHint,
  onPen: (isDown) => reading.tell(say(isDown ? 'pen_down' : 'pen_up')),
});
const live = new Live(ask, { onAnswer: show, onTrouble: explain });
const watch = new Watch(showState);

listenForPictures(pad);
makeSamples(find('samples'), pad);
speak(preferredLanguage());
find('undo').addEventListener('click', () => pad.undo());
find('clear').addEventListener('click', () => pad.clear());
find('heat').addEventListener('change', () => { if (!pad.scenes.isEmpty) live.retryNow(); });
find('language').addEventListener('click', () => { switchLanguage(); translate(); });
find('copy').addEventListener('click', copy);
find('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  useKey(find('key').value.trim());
  showSnippet();
  live.retryNow();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => pad.paint());
document.addEventListener('keydown', (event) => {
  if (event.target === find('key')) return; // there it takes back what was typed
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && !event.shiftKey) {
    event.preventDefault();
    pad.undo();
  }
});
for (const radio of document.querySelectorAll('[name=mode]')) {
  radio.addEventListener('change', () => setMode(radio.value === 'number'));
}
for (const tab of document.querySelectorAll('[role=tab]')) {
  tab.addEventListener('click', () => chooseSnippet(tab));
  tab.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const other = tab.nextElementSibling ?? tab.previousElementSibling;
      other.focus();
      chooseSnippet(other);
    }
  });
}
setMode(document.querySelector('[name=mode]:checked').value === 'number');
watch.check();
translate();

/** The pad has changed. */
function follow() {
  const { scenes } = pad;
  const focused = document.activeElement;
  find('undo').disabled = !scenes.canUndo;
  find('clear').disabled = scenes.isEmpty;
  if (focused?.disabled) find('pad').focus();
  showHint();
  find('boxes').replaceChildren();
  showPreview(scenes.current.picture);
  showSnippet();
  for (const sample of document.querySelectorAll('#samples button')) {
    sample.setAttribute('aria-pressed', sample.picture === scenes.current.picture);
  }
  if (scenes.isEmpty) empty();
  else live.change();
}

function showHint() {
  find('hint').hidden = !pad.scenes.isEmpty || pad.cursor !== null;
}

function empty() {
  live.forget();
  notice.clear();
  forgetReading();
}

function forgetReading() {
  state.last = null;
  reading.clear(state.isNumber);
  clearInsight();
  find('save').hidden = true;
}

function showPreview(picture) {
  const cannot = picture !== null && picture.image === null;
  find('unread').hidden = !cannot;
  if (cannot) find('unread').textContent = say('no_preview', { name: picture.name });
}

async function ask() {
  const { picture } = pad.scenes.current;
  const { isNumber } = state;
  const query = find('heat').checked ? 'image,heatmap' : 'image';
  const path = isNumber ? 'read' : `predict?include=${query}`;
  const frame = pad.frame();
  const blob = await pad.toBlob(); // last: the pad may hold another picture afterwards
  try {
    return { ...await send(path, blob, picture?.name ?? DRAWN_NAME), isNumber, frame, blob };
  } catch (trouble) {
    trouble.bytes = blob.size;
    throw trouble;
  }
}

function show(found) {
  if (found.isNumber !== state.isNumber) return;
  state.last = found;
  state.isStale = false;
  notice.clear();
  lay(found);
  offerToSave(found.blob);
  if (watch.state !== 'ready') watch.check();
}

function lay({ answer, times, isNumber, frame }) {
  if (isNumber) reading.showNumber(answer, frame);
  else {
    reading.showDigit(answer);
    showSeen(answer);
  }
  showTimes(times);
}

async function explain(trouble, seconds) {
  if (trouble.code === 'unreachable') {
    const isThere = await watch.check() === 'ready';
    if (live.failures === 0) return; // an answer came meanwhile
    if (isThere && trouble.bytes > LARGE_BYTES) {
      trouble.code = 'connection_lost';
      live.giveUp();
    }
  }
  find('boxes').replaceChildren();
  if (trouble.isPassing) fade();
  else forgetReading();
  notice.explain(trouble, seconds, state.isNumber);
  if (trouble.status === 503) watch.check();
}

/** What is shown is of a picture before the last. */
function fade() {
  state.isStale = true;
  reading.fade(true);
}

function showState(name, health) {
  const isBack = name === 'ready' && state.health !== null && !pad.scenes.isEmpty;
  state.health = health ?? {};
  tellState();
  if (name === 'unreachable') {
    fade();
    notice.explain({ code: 'unreachable' }, null, state.isNumber);
  } else if (notice.code === 'unreachable') notice.clear();
  if (isBack) live.retryNow();
}

function tellState() {
  find('state').dataset.state = watch.state;
  const model = state.health?.model;
  find('state-text').textContent = say(watch.state, {
    model: model ? `${model.name} ${model.version} · ${model.engine}` : '',
  });
}

function setMode(isNumber) {
  state.isNumber = isNumber;
  find('paper').classList.toggle('is-wide', isNumber);
  find('desk-title').textContent = say(isNumber ? 'draw_number' : 'draw');
  find('desk-title').dataset.word = isNumber ? 'draw_number' : 'draw';
  live.forget();
  notice.clear();
  forgetReading();
  pad.paint();
  follow();
}

/** Say again in the other language whatever the page said by itself. */
function translate() {
  const button = find('language');
  button.textContent = say('other');
  button.lang = say('other_lang');
  tellState();
  if (state.last) {
    lay(state.last);
    reading.fade(state.isStale);
  } else reading.clear(state.isNumber);
  showPreview(pad.scenes.current.picture);
  notice.repeat();
}

function chooseSnippet(tab) {
  state.language = tab.id.replace('tab-', '');
  for (const each of document.querySelectorAll('[role=tab]')) {
    each.setAttribute('aria-selected', each === tab);
    each.tabIndex = each === tab ? 0 : -1;
  }
  find('snippet').setAttribute('aria-labelledby', tab.id);
  showSnippet();
}

function showSnippet() {
  const url = new URL(state.isNumber ? 'read' : 'predict', document.baseURI).href;
  const name = pad.scenes.current.picture?.name ?? DRAWN_NAME;
  find('code').textContent = SNIPPETS[state.language](url, name, hasKey());
}

function offerToSave(blob) {
  const link = find('save');
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(blob);
  link.download = pad.scenes.current.picture?.name ?? DRAWN_NAME;
  link.hidden = false;
}

async function copy() {
  const label = find('copy').lastElementChild;
  try {
    await navigator.clipboard.writeText(find('code').textContent);
    label.textContent = say('copied');
  } catch {
    // Browsers keep the clipboard from pages that came without TLS.
    getSelection().selectAllChildren(find('code'));
    label.textContent = say('copy_by_hand');
  }
  setTimeout(() => { label.textContent = say('copy'); }, 2500);
}
