"""Write what the code says of itself into docs/: python -m docs (make docs).

`http.md` comes from the OpenAPI document, the table in `operations.md` from `app/settings.py`,
`scaling.md` and the READMEs' table of speed from what `make bench` measured.
"""

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from app.main import create_app
from app.settings import Settings
from docs.results import read_results
from docs.scaling import describe_scaling
from docs.speed import HEADS, describe_speed

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parent / "benchmarks" / "RESULTS.json"
START, END = "<!-- settings: written by make docs -->\n", "<!-- end of settings -->"
SPEED_START, SPEED_END = "<!-- speed: written by make docs -->\n", "<!-- end of speed -->"
UNITS = {1 << 30: "GiB", 1 << 20: "MiB", 1 << 10: "KiB"}


def write(folder: Path) -> None:
    """Write what the code says anew; what stands around the table of settings stays."""
    (folder / "http.md").write_text(describe_http(create_app(Settings()).openapi()))
    _replace(folder / "operations.md", START, describe_settings(), END)


def write_scaling(folder: Path, results: Path = RESULTS) -> None:
    """Write the page on scaling from what was measured."""
    (folder / "scaling.md").write_text(describe_scaling(read_results(results)))


def write_speed(folder: Path, results: Path = RESULTS) -> None:
    """Write the READMEs' table of speed from what was measured; what stands around it stays."""
    measured = read_results(results)
    for name, heads in HEADS.items():
        table = describe_speed(measured, heads)
        _replace(folder / name, SPEED_START, f"\n{table}\n", SPEED_END)


def _replace(page: Path, start: str, text: str, end: str) -> None:
    """Write a text between two marks."""
    before, rest = page.read_text().split(start)
    _, after = rest.split(end)
    page.write_text(before + start + text + end + after)


def describe_settings() -> str:
    """A row for each setting: its variable, its default, what it means."""
    rows = [
        f"| `{name.upper()}` | {_default(name, field)} | {_escape(field.description)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["", "| variable | default | |", "|---|---|---|", *rows, "", ""])


def _escape(text: str | None) -> str:
    return (text or "").replace("<", "&lt;")


def _default(name: str, field: FieldInfo) -> str:
    if field.default in (None, "", {}):
        return ""
    if name.endswith("bytes"):
        for unit, sign in UNITS.items():
            if field.default % unit == 0:
                return f"`{field.default}` ({field.default // unit} {sign})"
    default = str(field.default).lower() if field.default is False else field.default
    return f"`{default}`"


def describe_http(document: dict[str, Any]) -> str:
    """Every path by its family, then every object that is answered."""
    lines = [
        "# HTTP reference",
        "",
        "Written by `make docs` from the OpenAPI document, which a running service answers at",
        "`/openapi.json`, and shows with forms that run at `/docs`.",
    ]
    family = ""
    for (tag, method, text), found in _group(document["paths"]).items():
        if tag != family:
            family = tag
            lines += ["", f"## {tag}"]
        lines += ["", "### " + ", ".join(f"`{method} {path}`" for path, _ in found), "", text]
        lines += _describe_operation(found[0][1])
    lines += ["", "## Objects"]
    for name, schema in document["components"]["schemas"].items():
        lines += ["", f"### {name}", "", schema.get("description", ""), *_describe_fields(schema)]
    return "\n".join(lines) + "\n"


def _group(paths: dict[str, Any]) -> dict[tuple[str, str, str], list[tuple[str, Any]]]:
    """The same under several paths is told once."""
    found: dict[tuple[str, str, str], list[tuple[str, Any]]] = {}
    for path, methods in paths.items():
        for method, operation in methods.items():
            key = (operation["tags"][0], method.upper(), operation["description"])
            found.setdefault(key, []).append((path, operation))
    return dict(sorted(found.items(), key=lambda item: _place(item, list(found))))


def _place(item: tuple[tuple[str, str, str], Any], keys: list[tuple[str, str, str]]) -> int:
    """Families in the order of their first operation, operations in theirs."""
    families = list(dict.fromkeys(tag for tag, _, _ in keys))
    return families.index(item[0][0]) * len(keys) + keys.index(item[0])


def _describe_operation(operation: dict[str, Any]) -> list[str]:
    queries = [each for each in operation.get("parameters", []) if each["in"] == "query"]
    lines = [""] if queries else []
    lines += [f"- `?{each['name']}=` {each['description']}" for each in queries]
    if "requestBody" in operation:
        kinds = ", ".join(f"`{kind}`" for kind in operation["requestBody"]["content"])
        lines += ["", f"Body: {kinds}."]
    lines += ["", "| status | answer |", "|---|---|"]
    for status, answer in operation["responses"].items():
        lines.append(f"| {status} | {_describe_answer(answer)} |")
    return lines


def _describe_answer(answer: dict[str, Any]) -> str:
    said = answer["description"].replace("Successful Response", "")
    if "content" not in answer:  # no JSON; the operation's own words say which text it is
        return said or "text"
    schemas = [kind.get("schema", {}) for kind in answer["content"].values()]
    named = [_link(schema) for schema in schemas if "$ref" in schema]
    return " ".join([*named[:1], said]).strip() or "JSON"


def _describe_fields(schema: dict[str, Any]) -> list[str]:
    if "properties" not in schema:
        return []
    required = schema.get("required", [])
    rows = [
        f"| `{name}` | {_type(field)}{'' if name in required else ', not always'} |"
        f" {field.get('description', '')} |"
        for name, field in schema["properties"].items()
    ]
    return ["", "| field | type | |", "|---|---|---|", *rows]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema)
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    return str(schema.get("type", "anything"))


def _link(schema: dict[str, Any]) -> str:
    name = schema["$ref"].rsplit("/", 1)[1]
    return f"[{name}](#{name.lower()})"


if __name__ == "__main__":
    write(FOLDER)
    write_scaling(FOLDER)
    write_speed(FOLDER.parent)
