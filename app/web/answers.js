// Whether an answer is one: a proxy, or a network that wants a login first, may answer instead.

const isList = Array.isArray;

/** Whether an answer of /predict holds all that is shown of it. */
export function isReading(answer) {
  return isDigit(answer) && isList(answer.warnings)
    && isList(answer.probabilities) && answer.probabilities.length === 10
    && isGrid(answer.image ?? []) && isGrid(answer.heatmap ?? []);
}

/** Whether an answer of /read does. */
export function isNumber(answer) {
  return typeof answer?.text === 'string' && isList(answer.digits)
    && answer.digits.every((each) => isDigit(each) && isList(each.box));
}

function isDigit(answer) {
  return Number.isInteger(answer?.digit) && Number.isFinite(answer.confidence)
    && typeof answer.accepted === 'boolean';
}

function isGrid(rows) {
  return isList(rows) && rows.every(isList);
}
