// The pad: pointer and keyboard in, ink out.

import { Scenes } from './scenes.js';

const SENT_PIXELS = 256; // height of the picture that is sent: more tells the reader no more
const KEY_STEP = 0.04; // of the height, for each press of an arrow key
const ENLARGED = 20; // times, before 28 pixels are given an edge
const HEAVIEST = 1.5; // what a pen pressed hard makes of the chosen width

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pad {
  /**
   * @param canvas the element to draw on
   * @param options.penWidth () => width of the pen, in heights of the pad
   * @param options.onChange called after every change
   * @param options.onCursor called when the keyboard's pen moves or goes, and draws nothing
   * @param options.onPen called with true or false when the keyboard puts the pen down or lifts it
   */
  constructor(canvas, { penWidth, onChange, onCursor, onPen }) {
    this.scenes = new Scenes();
    this.canvas = canvas;
    this.penWidth = penWidth;
    this.onChange = onChange;
    this.onCursor = onCursor;
    this.onPen = onPen;
    this.pointer = null; // id of the pointer that draws
    this.cursor = null; // where the keyboard's pen is, once there is one
    this.isPenDown = false;
    this.frameRequest = null;
    this.widest = 0; // aspect of the pad since it was empty
    this.fit = 1; // by which strokes are made smaller, so that a narrower pad holds them
    this.#listen();
    new ResizeObserver(() => this.#refit()).observe(canvas);
  }

  get aspect() {
    return this.canvas.clientWidth / this.canvas.clientHeight || 1;
  }

  undo() {
    this.#endStroke();
    this.scenes.undo();
    this.#changed();
  }

  clear() {
    this.#endStroke();
    this.scenes.clear();
    this.#changed();
  }

  show(picture) {
    this.#endStroke();
    this.scenes.show(picture);
    this.#changed();
  }

  /** The bytes to send: a picture as it came, strokes as dark ink on white. */
  toBlob() {
    const { picture, strokes } = this.scenes.current;
    if (picture) return Promise.resolve(picture.blob);
    const sent = document.createElement('canvas');
    sent.height = SENT_PIXELS;
    sent.width = Math.round(SENT_PIXELS * this.aspect);
    const context = sent.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, sent.width, sent.height);
    drawStrokes(context, strokes, SENT_PIXELS * this.fit, '#000');
    return new Promise((resolve) => { sent.toBlob(resolve, 'image/png'); });
  }

  /** Where the picture lies in the pad, in fractions of it, and its size; null if it cannot be seen. */
  frame() {
    const { picture } = this.scenes.current;
    if (picture && !picture.image) return null;
    if (!picture) {
      const width = Math.round(SENT_PIXELS * this.aspect);
      return { left: 0, top: 0, width: 1, height: 1, pixels: [width, SENT_PIXELS] };
    }
    const { image } = picture;
    const scale = Math.min(this.aspect / image.width, 1 / image.height);
    const [width, height] = [image.width * scale / this.aspect, image.height * scale];
    const pixels = [image.width, image.height];
    return { left: (1 - width) / 2, top: (1 - height) / 2, width, height, pixels };
  }

  paint() {
    const { canvas } = this;
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const size = [canvas.clientWidth, canvas.clientHeight].map((each) => Math.round(each * density));
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, canvas.width, canvas.height);
    const ink = getComputedStyle(canvas).getPropertyValue('--ink');
    const { picture, strokes } = this.scenes.current;
    if (picture?.image) this.#paintPicture(context, picture, ink);
    drawStrokes(context, strokes, canvas.height * this.fit, ink);
    if (this.cursor) drawCursor(context, this.cursor, this.isPenDown, canvas.height, ink);
  }

  #paintPicture(context, { image, isInk }, ink) {
    const { left, top, width, height } = this.frame();
    const { canvas } = this;
    context.drawImage(
      isInk ? sharpen(tint(image, ink)) : image,
      left * canvas.width, top * canvas.height, width * canvas.width, height * canvas.height,
    );
  }

  /** Have a pad that has become narrower hold what was drawn, also of a stroke that left it. */
  #refit() {
    const before = this.fit;
    const ends = this.scenes.current.strokes.flat().map(({ x, width }) => x + width / 2);
    this.widest = Math.max(this.widest, this.aspect);
    const right = Math.min(Math.max(0, ...ends), this.widest);
    this.fit = right > this.aspect ? this.aspect / right : 1;
    if (this.fit === before) this.paint();
    else this.#changed();
  }

  /** Begin a stroke; on an empty pad nothing has to be held any more. */
  #addStroke(point) {
    if (this.scenes.current.strokes.length === 0) [this.fit, this.widest] = [1, this.aspect];
    this.scenes.addStroke(this.#scale(point));
  }

  #extendStroke(point) {
    this.scenes.extendStroke(this.#scale(point));
  }

  #scale({ x, y, width }) {
    return { x: x / this.fit, y: y / this.fit, width: width / this.fit };
  }

  /** Paint and tell once for each frame, however fast the pen is. */
  #changed() {
    this.frameRequest ??= requestAnimationFrame(() => {
      this.frameRequest = null;
      this.paint();
      this.onChange();
    });
  }

  #listen() {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const name of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(name, (event) => this.#end(event));
    }
    canvas.addEventListener('keydown', (event) => this.#press(event));
    canvas.addEventListener('blur', () => this.#leave());
  }

  #begin(event) {
    // A second finger, the palm beside a pen, another button: not a stroke.
    if (this.pointer !== null || event.button !== 0) return;
    this.#leave();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#addStroke(this.#pointAt(event));
    this.#changed();
  }

  #move(event) {
    if (event.pointerId !== this.pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) {
      this.#extendStroke(this.#pointAt(each));
    }
    this.#changed();
  }

  #end(event) {
    if (event.pointerId === this.pointer) this.#endStroke();
  }

  #endStroke() {
    this.pointer = null;
    this.isPenDown = false;
  }

  #pointAt(event) {
    const area = this.canvas.getBoundingClientRect();
    return {
      x: (event.clientX - area.left) / area.height,
      y: (event.clientY - area.top) / area.height,
      width: this.penWidth() * weigh(event),
    };
  }

  #press(event) {
    const arrow = ARROWS[event.key];
    if (arrow) this.#step(arrow);
    else if (event.key === ' ' || event.key === 'Enter') this.#togglePen();
    else if (event.key === 'Delete' || event.key === 'Backspace') this.clear();
    else return;
    event.preventDefault();
  }

  #step([right, down]) {
    const { x, y } = this.cursor ?? { x: this.aspect / 2, y: 0.5 };
    this.cursor = {
      x: Math.min(Math.max(x + right * KEY_STEP, 0), this.aspect),
      y: Math.min(Math.max(y + down * KEY_STEP, 0), 1),
    };
    if (!this.isPenDown) {
      this.paint();
      this.onCursor();
      return;
    }
    this.#extendStroke({ ...this.cursor, width: this.penWidth() });
    this.#changed();
  }

  #togglePen() {
    this.cursor ??= { x: this.aspect / 2, y: 0.5 };
    this.isPenDown = !this.isPenDown;
    this.onPen(this.isPenDown);
    if (this.isPenDown) this.#addStroke({ ...this.cursor, width: this.penWidth() });
    this.#changed();
  }

  #leave() {
    this.isPenDown = false;
    this.cursor = null;
    this.paint();
    this.onCursor();
  }
}

/** Only a real pen tells how hard it is pressed; a mouse says one half. */
function weigh(event) {
  return event.pointerType === 'pen' && event.pressure ? 0.5 + event.pressure * (HEAVIEST - 0.5) : 1;
}

function drawStrokes(context, strokes, height, ink) {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.strokeStyle = ink;
  for (const stroke of strokes) drawStroke(context, stroke, height);
}

/** Curves through the middles between points, so that no corner shows where the hand made none. */
function drawStroke(context, stroke, height) {
  let from = stroke[0];
  stroke.forEach((point, place) => {
    const next = stroke[place + 1] ?? point;
    const to = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    context.beginPath();
    context.moveTo(from.x * height, from.y * height);
    context.quadraticCurveTo(point.x * height, point.y * height, to.x * height, to.y * height);
    context.lineWidth = point.width * height;
    context.stroke();
    from = to;
  });
}

function drawCursor(context, { x, y }, isPenDown, height, ink) {
  context.beginPath();
  context.arc(x * height, y * height, 0.025 * height, 0, 2 * Math.PI);
  context.lineWidth = 0.006 * height;
  context.strokeStyle = ink;
  context.fillStyle = ink;
  if (isPenDown) context.fill();
  context.stroke();
}

/** A few pixels of ink, large, with an edge like a pen's. */
function sharpen(image) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width * ENLARGED, image.height * ENLARGED];
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let place = 3; place < pixels.data.length; place += 4) {
    pixels.data[place] = (pixels.data[place] - 128) * 6 + 128; // clamped by its type
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** Dark on white becomes an ink on nothing. */
export function tint(image, ink) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let place = 0; place < pixels.data.length; place += 4) {
    pixels.data[place + 3] = 255 - pixels.data[place];
  }
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = ink;
  context.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}
