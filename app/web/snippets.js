// The request that the page makes, for people to make it themselves.

const forShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A request with curl. */
function curl(url, file) {
  return `curl -F ${forShell(`file=@${file}`)} ${forShell(url)}`;
}

/** The same with Python's requests. */
function python(url, file) {
  return `import requests

with open(${JSON.stringify(file)}, "rb") as picture:
    response = requests.post(
        ${JSON.stringify(url)},
        files={"file": picture},
        timeout=30,
    )
response.raise_for_status()
print(response.json())`;
}

export const SNIPPETS = { curl, python };
