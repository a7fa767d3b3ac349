// The reference: openapi.json, laid out to be read and tried.

import { fields, limits, name, resolve } from './schema.js';
import { makeForm } from './trying.js';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
const DEEPEST = 4;

const find = (id) => document.getElementById(id);

/** An element with its children; a string among them is text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((each) => each !== null));
  return element;
}

/** Text with `code` in it. */
function prose(text = '') {
  return text.split(/`([^`]+)`/).map((part, place) => (place % 2 ? make('code', {}, part) : part));
}

async function show() {
  const response = await fetch('openapi.json').catch(() => null);
  find('trouble').hidden = Boolean(response?.ok);
  if (!response?.ok) return;
  const api = await response.json();
  find('title').textContent = api.info.title;
  find('summary').textContent = api.info.summary ?? api.info.description ?? '';
  const operations = Object.entries(api.paths).flatMap(([path, item]) => METHODS
    .filter((method) => method in item)
    .map((method) => ({ path, method: method.toUpperCase(), ...item[method] })));
  find('operations').append(...operations.map((operation) => makeOperation(api, operation)));
  find('contents').append(...makeContents(operations));
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

const anchor = ({ method, path }) => `${method}${path}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

const badge = (method) => make('span', { class: 'method', 'data-method': method }, method);

function makeContents(operations) {
  const tags = new Set(operations.map(({ tags: [tag] = ['Other'] }) => tag));
  return [...tags].flatMap((tag) => [
    make('h2', {}, tag),
    make('ul', {}, ...operations.filter(({ tags: [each] = ['Other'] }) => each === tag).map(
      (operation) => make('li', {}, make(
        'a', { href: `#${anchor(operation)}` }, badge(operation.method), operation.path,
      )),
    )),
  ]);
}

function makeOperation(api, operation) {
  const { path, method, description, summary, parameters = [], requestBody, responses } = operation;
  const id = anchor(operation);
  const paragraphs = (description ?? summary ?? '').split(/\n\n+/);
  return make(
    'section', { class: 'operation', id, 'aria-labelledby': `${id}-title` },
    make('h3', { id: `${id}-title` }, badge(method), make('code', {}, path)),
    ...paragraphs.map((text) => make('p', {}, ...prose(text))),
    ...parameters.length ? [make('h4', {}, 'Parameters'), makeParameters(api, parameters)] : [],
    ...requestBody ? [make('h4', {}, 'Body'), ...makeContent(api, requestBody.content)] : [],
    make('h4', {}, 'Answers'),
    ...Object.entries(responses).map(([status, response]) => makeResponse(api, status, response)),
    make('h4', {}, 'Try it'),
    makeForm(api, operation, make),
  );
}

function makeParameters(api, parameters) {
  const rows = parameters.map((each) => resolve(api, each)).map((each) => make(
    'tr', {},
    make('td', {}, make('code', {}, each.name), ` ${each.in}`),
    make('td', {}, ...prose(each.description), ' ', type(api, each.schema)),
  ));
  return make('table', {}, make('tbody', {}, ...rows));
}

/** Media types with the same schema share one description. */
function makeContent(api, content) {
  const groups = new Map();
  for (const [media, { schema }] of Object.entries(content)) {
    const key = JSON.stringify(schema ?? {});
    groups.set(key, [...groups.get(key) ?? [], media]);
  }
  return [...groups].map(([key, media]) => makeRow(
    media.join(', '), name(api, JSON.parse(key)), api, JSON.parse(key),
  ));
}

function makeResponse(api, status, response) {
  const { description, content = {} } = resolve(api, response);
  const [{ schema } = {}] = Object.values(content).filter((each) => each.schema);
  return makeRow(status, description, api, schema);
}

/** A row that opens where there is more to say. */
function makeRow(label, text, api, schema) {
  const parts = [make('b', {}, label), make('span', {}, ...prose(text))];
  const tree = schema ? makeTree(api, schema) : null;
  if (tree === null) return make('div', { class: 'plain-row' }, ...parts);
  return make('details', {}, make('summary', {}, ...parts), tree);
}

/** The fields of a schema as nested lists; null where it has none. */
function makeTree(api, schema, depth = 0) {
  const rows = fields(api, schema);
  if (rows.length === 0 || depth > DEEPEST) return null;
  return make('ul', { class: 'schema' }, ...rows.map(([key, each, isRequired]) => make(
    'li', {},
    make('code', {}, key), isRequired ? ' ' : ' optional ', type(api, each), ' ',
    ...prose(resolve(api, each).description),
    makeTree(api, each, depth + 1),
  )));
}

function type(api, schema = {}) {
  const text = [name(api, schema), limits(resolve(api, schema))].filter(Boolean).join(', ');
  return make('span', { class: 'type' }, text);
}

show();
