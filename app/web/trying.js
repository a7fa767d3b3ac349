// A form for an operation: fill it in, send it, see what comes back.

import { example, resolve } from './schema.js';
import { presentKey, useKey } from './service.js';

const LONGEST_SHOWN = 20_000; // characters of an answer

/**
 * @param api the whole description
 * @param operation {path, method, parameters, requestBody}
 * @param make (tag, attributes, ...children) => element
 */
export function makeForm(api, operation, make) {
  const parameters = (operation.parameters ?? []).map((each) => resolve(api, each));
  const content = Object.entries(operation.requestBody?.content ?? {});
  const answer = make('div', { class: 'answer', role: 'status' });
  const inputs = parameters.map((each) => makeInput(each, make));
  const body = content.length ? makeBody(api, content[0], make) : { elements: [], read: () => ({}) };
  const button = make('button', { type: 'submit' }, 'Send');
  const key = makeKeyInput(make);
  const form = make('form', {}, ...inputs, ...body.elements, key, button, answer);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.ariaDisabled) return; // not `disabled`: who sends by keyboard stays where they are
    button.ariaDisabled = 'true';
    const given = key.querySelector('input').value.trim();
    if (given) useKey(given);
    const values = inputs.map((label) => label.querySelector('input').value);
    const url = fill(operation.path, parameters, values);
    const { status, shown } = await send(url, operation.method, body.read(), make);
    answer.replaceChildren(...shown);
    button.ariaDisabled = null;
    if (status === 401) key.hidden = false;
    if (status === 401) key.querySelector('input').focus();
  });
  return form;
}

/** Shown once the server has asked for a key; the other forms send it too. */
function makeKeyInput(make) {
  const input = make('input', { type: 'password', autocomplete: 'off' });
  return make('label', { hidden: '' }, make('span', {}, 'API key'), input);
}

function makeInput({ name: label, schema, example: given = '' }, make) {
  const choices = schema?.items?.enum ?? schema?.enum;
  const input = make('input', { name: label, autocomplete: 'off', value: given });
  if (choices) input.placeholder = choices.join(', ');
  return make('label', {}, make('span', {}, label), input);
}

/** The inputs of a body, and how to read what to give to fetch from them. */
function makeBody(api, [media, { schema, example: given }], make) {
  const found = resolve(api, schema);
  if (media === 'multipart/form-data') return makeFileBody(api, found, make);
  const area = make('textarea', { name: 'body', 'aria-label': 'Body', spellcheck: 'false' });
  area.value = JSON.stringify(given ?? example(api, schema), null, 2);
  return {
    elements: [make('label', {}, make('span', {}, media), area)],
    read: () => ({ body: area.value, headers: { 'content-type': media } }),
  };
}

function makeFileBody(api, schema, make) {
  const inputs = Object.entries(schema.properties).map(([key, property]) => {
    const isList = resolve(api, property).type === 'array';
    return make('input', { type: 'file', name: key, ...isList ? { multiple: '' } : {} });
  });
  return {
    elements: inputs.map((input) => make('label', {}, make('span', {}, input.name), input)),
    read: () => {
      const form = new FormData();
      for (const input of inputs) for (const file of input.files) form.append(input.name, file);
      return { body: form };
    },
  };
}

function fill(path, parameters, values) {
  const query = new URLSearchParams();
  parameters.forEach((each, place) => {
    if (each.in === 'path') path = path.replace(`{${each.name}}`, encodeURIComponent(values[place]));
    else if (each.in === 'query' && values[place]) query.append(each.name, values[place]);
  });
  const text = query.toString();
  return path.slice(1) + (text ? `?${text}` : '');
}

/** @returns {status, shown}: 0 where there was no answer, and the elements that tell of it. */
async function send(url, method, options, make) {
  const started = performance.now();
  let response;
  let text;
  try {
    const headers = { ...options.headers, ...presentKey() };
    response = await fetch(url, { method, ...options, headers });
    text = await response.text();
  } catch {
    return { status: 0, shown: [make('p', {}, 'The server cannot be reached.')] };
  }
  const milliseconds = Math.round(performance.now() - started);
  const cut = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  const label = `${response.status} ${response.statusText}, ${milliseconds} ms`;
  const shown = [
    make('p', {}, label),
    make('pre', { tabindex: '0', role: 'region', 'aria-label': 'Answer' }, make('code', {}, lay(cut))),
  ];
  return { status: response.status, shown };
}

/** JSON with room, long lists of numbers on one line. */
function lay(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
      .replaceAll(/\[[\s\d.,eE-]+\]/g, (list) => list.replaceAll(/\s+/g, ' '));
  } catch {
    return text;
  }
}
