// Shows what the model saw, which ink spoke for its reading, and where the time went.

import { currentLanguage, say } from './words.js';

const find = (id) => document.getElementById(id);

const SIDE = 28;
const FOR = [255, 122, 61];
const AGAINST = [53, 167, 255];
const LEAST_SCALE = 2; // nats: what changes the odds by less than e² is not made to glow

/** Draw the 28×28, with the heatmap over it if there is one. */
export function showSeen({ image, heatmap, digit }) {
  const context = find('seen').getContext('2d');
  const pixels = context.createImageData(SIDE, SIDE);
  const strongest = Math.max(LEAST_SCALE, ...(heatmap ?? []).flat().map(Math.abs));
  image?.flat().forEach((grey, place) => {
    const heat = heatmap?.flat()[place] ?? 0;
    pixels.data.set(colour(grey, heat / strongest, Boolean(heatmap)), place * 4);
  });
  context.putImageData(pixels, 0, 0);
  find('legend').hidden = !heatmap;
  find('heat-help').textContent = heatmap ? say('heat_on', { digit }) : say('heat_off');
}

/** Nothing was seen, and no time was spent. */
export function clearInsight() {
  find('seen').getContext('2d').clearRect(0, 0, SIDE, SIDE);
  find('total').textContent = '';
  find('split').replaceChildren();
  find('times').replaceChildren();
  find('legend').hidden = true;
  find('heat-help').textContent = say('heat_off');
}

/** Ink stays to be seen under the heat: bright where there is ink, glowing where it matters. */
function colour(grey, heat, hasHeat) {
  if (!hasHeat) return [grey, grey, grey, 255];
  const strength = Math.abs(heat);
  const glow = heat > 0 ? FOR : AGAINST;
  const ink = 0.25 + 0.75 * grey / 255;
  return [...glow.map((part) => grey * 0.42 * (1 - strength) + part * strength * ink), 255];
}

/** Draw where the time went, in milliseconds by stage. */
export function showTimes(times) {
  const total = Object.values(times).reduce((sum, each) => sum + each, 0);
  find('total').textContent = milliseconds(total);
  find('split').replaceChildren(...Object.entries(times).map(([stage, each]) => {
    const part = document.createElement('span');
    part.dataset.stage = stage;
    part.style.setProperty('--share', each);
    return part;
  }));
  find('times').replaceChildren(...Object.entries(times).map(([stage, each]) => {
    const row = document.createElement('div');
    row.dataset.stage = stage;
    const [name, value] = [document.createElement('dt'), document.createElement('dd')];
    [name.textContent, value.textContent] = [say(stage), milliseconds(each)];
    row.append(name, value);
    return row;
  }));
}

function milliseconds(value) {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  const n = value.toLocaleString(currentLanguage(), {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  return say('milliseconds', { n });
}
