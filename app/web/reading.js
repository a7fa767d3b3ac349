// Shows what was read: the digit or the number, the verdict, the bars, the boxes.

import { percent, say } from './words.js';

const find = (id) => document.getElementById(id);
const LONGEST_NUMBER = 24; // more digits than that are cut in the large type, not in the list

export class Reading {
  #answer = null;
  #announcement = null;

  constructor() {
    const rows = Array.from({ length: 10 }, (_, digit) => makeRow(String(digit)));
    find('bars').append(...rows);
    this.rows = rows;
  }

  /** Show nothing yet, for a digit or for a number. */
  clear(isNumber) {
    this.#answer = null;
    this.#lay(isNumber);
    this.#say('none', '–', '', say(isNumber ? 'nothing_yet_number' : 'nothing_yet'));
    for (const row of this.rows) fillRow(row, 0, '');
    find('figures').replaceChildren();
    find('boxes').replaceChildren();
    this.tell('');
  }

  /** Tell a screen reader at once, and nothing else that was to be told. */
  tell(text) {
    clearTimeout(this.#announcement);
    find('live').textContent = text;
  }

  /** Show the answer of /predict. */
  showDigit(answer) {
    this.#answer = answer;
    this.#lay(false);
    const share = percent(answer.confidence);
    const why = [answer.reason ?? 'sure', ...answer.warnings.filter((each) => each !== answer.reason)]
      .map((each) => say(each, { digit: answer.digit, share })).join(' ');
    const verdict = answer.accepted ? 'accepted' : 'refused';
    this.#say(verdict, String(answer.digit), say(verdict), why);
    answer.probabilities.forEach((probability, digit) => {
      const row = this.rows[digit];
      fillRow(row, probability, percent(probability));
      row.classList.toggle('is-best', digit === answer.digit);
      row.classList.toggle('is-doubtful', digit === answer.digit && !answer.accepted);
    });
    find('boxes').replaceChildren();
    this.#announce(say('spoken', { digit: answer.digit, share, verdict: say(verdict) }));
  }

  /** Show the answer of /read, over the picture it is about where that can be seen. */
  showNumber(answer, frame) {
    this.#answer = answer;
    this.#lay(true);
    const { text, digits } = answer;
    const isAccepted = digits.length > 0 && digits.every((each) => each.accepted);
    const verdict = isAccepted ? 'accepted' : 'refused';
    const why = digits.length ? say(`number_${verdict}`) : say('no_digits');
    const shown = text.length > LONGEST_NUMBER ? `${text.slice(0, LONGEST_NUMBER)}…` : text;
    this.#say(verdict, shown || '–', digits.length ? say(verdict) : '', why);
    find('figures').replaceChildren(...digits.map(makeFigure));
    find('boxes').replaceChildren(...(frame ? digits.map((each) => makeBox(each, frame)) : []));
    this.#announce(say('spoken_number', { text: text || '–', verdict: say(verdict) }));
  }

  /** What is shown is of a picture that could not be read since. */
  fade(isStale) {
    find('verdict').classList.toggle('is-stale', isStale && this.#answer !== null);
  }

  #lay(isNumber) {
    find('verdict').classList.toggle('is-number', isNumber);
    find('bars').hidden = isNumber;
    find('figures').hidden = !isNumber;
    find('saw').hidden = isNumber;
  }

  #say(verdict, numeral, stamp, why) {
    find('verdict').dataset.verdict = verdict;
    find('verdict').classList.remove('is-stale');
    find('numeral').value = numeral;
    find('stamp').textContent = stamp;
    find('why').textContent = why;
    for (const row of this.rows) row.classList.remove('is-best', 'is-doubtful');
  }

  /** Tell a screen reader, once the hand rests: not every reading on the way. */
  #announce(text) {
    clearTimeout(this.#announcement);
    this.#announcement = setTimeout(() => this.tell(text), 700);
  }
}

function makeRow(label) {
  const row = document.createElement('li');
  const [name, bar, number] = ['span', 'i', 'b'].map((tag) => document.createElement(tag));
  name.textContent = label;
  bar.setAttribute('aria-hidden', 'true');
  row.append(name, bar, number);
  return row;
}

function fillRow(row, share, text) {
  row.children[1].style.setProperty('--share', share);
  row.children[2].textContent = text;
}

function makeFigure({ digit, confidence, accepted }) {
  const row = makeRow(String(digit));
  fillRow(row, confidence, percent(confidence));
  row.className = accepted ? 'is-best' : 'is-best is-doubtful';
  return row;
}

/** A box over the pad; its label goes below where there is no room above. */
function makeBox({ digit, accepted, box: [x, y, width, height] }, frame) {
  const [across, down] = frame.pixels;
  const box = document.createElement('span');
  const label = document.createElement('b');
  label.textContent = digit;
  box.append(label);
  const place = {
    left: frame.left + frame.width * x / across,
    top: frame.top + frame.height * y / down,
    width: frame.width * width / across,
    height: frame.height * height / down,
  };
  for (const [side, share] of Object.entries(place)) box.style[side] = `${share * 100}%`;
  box.classList.toggle('is-low', place.top < 0.09);
  box.classList.toggle('is-doubtful', !accepted);
  return box;
}
