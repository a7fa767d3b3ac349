// A dozen digits of MNIST to try, which come in one picture.

import { tint } from './pad.js';

const DIGITS = '012345677889';
const SIDE = 28;

/** Fill a list with a button for each; their labels are put into words with all others. */
export function makeSamples(list, pad) {
  const strip = new Image();
  strip.src = 'web/samples.png';
  const buttons = [...DIGITS].map((digit, place) => makeButton(digit, place, pad));
  list.append(...buttons.map((button) => {
    const item = document.createElement('li');
    item.append(button);
    return item;
  }));
  strip.decode().then(() => buttons.forEach((button, place) => cut(strip, place, button)));
}

function makeButton(digit, place, pad) {
  const button = document.createElement('button');
  button.type = 'button';
  button.disabled = true; // until its picture is there
  Object.assign(button.dataset, { label: 'sample', digit, place: place + 1 });
  button.append(document.createElement('canvas'));
  button.addEventListener('click', () => pad.show(button.picture));
  return button;
}

async function cut(strip, place, button) {
  const whole = document.createElement('canvas');
  whole.width = whole.height = SIDE;
  whole.getContext('2d').drawImage(strip, -place * SIDE, 0);
  draw(whole, button.firstElementChild);
  const blob = await new Promise((resolve) => { whole.toBlob(resolve, 'image/png'); });
  button.picture = { blob, name: `sample-${place + 1}.png`, image: whole, isInk: true };
  button.disabled = false;
}

function draw(image, canvas) {
  canvas.width = canvas.height = SIDE;
  canvas.getContext('2d').drawImage(tint(image, '#000'), 0, 0);
}
