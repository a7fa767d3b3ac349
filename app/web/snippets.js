// The request that the page makes, for people to make it themselves. A key stays theirs to fill in.

const forShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A request with curl. */
function curl(url, file, hasKey) {
  const header = hasKey ? "-H 'X-API-Key: …' " : '';
  return `curl ${header}-F ${forShell(`file=@${file}`)} ${forShell(url)}`;
}

/** The same with Python's requests. */
function python(url, file, hasKey) {
  const header = hasKey ? '\n        headers={"X-API-Key": "…"},' : '';
  return `import requests

with open(${JSON.stringify(file)}, "rb") as picture:
    response = requests.post(
        ${JSON.stringify(url)},
        files={"file": picture},${header}
        timeout=30,
    )
response.raise_for_status()
print(response.json())`;
}

export const SNIPPETS = { curl, python };
