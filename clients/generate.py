"""Writes the Python client from the interface's own description: `python clients/generate.py`, `--check` to compare.

The client is one module on the standard library alone: a method for each operation, a TypedDict for each schema. Times
are text in RFC 3339, ids are text.
"""

import keyword
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "python" / "parley_client" / "__init__.py"
HEAD = Path(__file__).parent / "python" / "head.py.txt"
_SIMPLE = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}
Schema = Mapping[str, Any]


def written(description: Schema) -> str:
    """The module's text, formatted."""
    schemas = description["components"]["schemas"]
    parts = [HEAD.read_text(encoding="utf-8")]
    parts += [_typed(name, schemas[name]) for name in sorted(_reached(description, schemas))]
    parts += ["class Parley(Connection):", '    """Every operation of the interface, by its operation id."""', ""]
    for path, methods in description["paths"].items():
        parts += [_method(path, verb, found) for verb, found in methods.items() if verb != "head"]
    ruff = [sys.executable, "-m", "ruff", "format", "--line-length", "120", "--stdin-filename", "client.py", "-"]
    return subprocess.run(ruff, input="\n".join(parts), capture_output=True, text=True, check=True).stdout


def _reached(description: Schema, schemas: Schema) -> set[str]:
    """The schemas that an operation asks for or answers with, directly or not."""
    wanted = set(re.findall(r"#/components/schemas/(\w+)", repr(description["paths"]))) - {"Problem"}
    while more := {name for one in wanted for name in re.findall(r"schemas/(\w+)", repr(schemas[one]))} - wanted:
        wanted |= more
    return wanted


def _typed(name: str, schema: Schema) -> str:
    """A TypedDict; what need not be given is NotRequired."""
    needed = set(schema.get("required", ()))
    lines = [f"class {name}(TypedDict):", _docstring(schema.get("description", ""), indent=4), ""]
    for field, found in schema["properties"].items():
        kind = _type(found)
        lines.append(f"    {field}: {kind}" if field in needed else f"    {field}: NotRequired[{kind}]")
    return "\n".join([*lines, "", ""])


def _method(path: str, verb: str, found: Schema) -> str:
    places = [one for one in found["parameters"] if one["in"] == "path"]
    queries = [one for one in found["parameters"] if one["in"] == "query"]
    body = next((one["schema"] for one in found.get("requestBody", {}).get("content", {}).values()), None)
    given = ["self", *(f"{_name(one['name'])}: {_type(one['schema'])}" for one in places)]
    given += [f"body: {_type(body)}"] if body else []
    if queries:
        given.append("*")
        given += [
            f"{_name(one['name'])}: " + (_type(one["schema"]) if one["required"] else f"{_maybe(one['schema'])} = None")
            for one in queries
        ]
    pairs = [f"{one['name']!r}: {_name(one['name'])}" for one in queries]
    asked = "{" + ", ".join(pairs) + "}"
    target = re.sub(r"{(\w+)}", lambda match: f"{{_quoted({_name(match[1])})}}", path)
    call = [repr(verb.upper()), f'f"{target}"' if places else repr(path)]
    call += [f"query={asked}"] if queries else []
    call += ["body=body"] if body else []
    kind, read = _answer(found["responses"])
    lines = [f"def {_name(found['operationId'])}({', '.join(given)}) -> {kind}:"]
    scope = next((one["token"][0] for one in found.get("security", ()) if one.get("token")), "")
    lines.append(f'    """{_one_line(found["summary"])}.{f" Scope {scope}." if scope else ""}"""')
    lines.append(
        f"    return {read.format(call=', '.join(call))}" if kind != "None" else f"    self.send({', '.join(call)})"
    )
    return "\n".join(f"    {line}" for line in lines) + "\n"


def _answer(responses: Schema) -> tuple[str, str]:
    """What a method returns, and how it reads that."""
    content = next((one.get("content", {}) for status, one in responses.items() if 200 <= int(status) < 300), {})
    schema = content.get("application/json", {}).get("schema")
    if len(content) == 1 and schema is not None:
        kind = _type(schema)
        return kind, f"cast({kind!r}, self.json({{call}}))"
    return ("bytes", "self.send({call})") if content else ("None", "")


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema or "allOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema.get("anyOf", schema.get("allOf"))))
    if "enum" in schema or "const" in schema:
        return f"Literal[{', '.join(map(repr, schema.get('enum', [schema.get('const')])))}]"
    kind = schema.get("type", "")
    if kind == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    more = schema.get("additionalProperties")
    if kind == "object" and isinstance(more, Mapping):
        return f"dict[str, {_type(more)}]"
    return _SIMPLE.get(kind, "Any")


def _maybe(schema: Schema) -> str:
    kind = _type(schema)
    return kind if kind.endswith("None") else f"{kind} | None"


def _name(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").rstrip(".").replace('"', "'")


def _docstring(text: str, *, indent: int) -> str:
    lines = textwrap.wrap(f'"""{_one_line(text)}."""', width=110 - indent)
    return textwrap.indent("\n".join(lines), " " * indent)


def main(arguments: list[str]) -> Iterator[str]:
    """Lines of what was done or is wrong."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parley.project.settings")
    django.setup()
    from parley.web.rest.api import rest

    text = written(rest.get_openapi_schema())
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
        yield f"{TARGET}: {text.count('    def ')} methods"
    elif text != TARGET.read_text(encoding="utf-8"):
        yield "the client is out of date: python clients/generate.py"


if __name__ == "__main__":
    said = list(main(sys.argv[1:]))
    sys.stdout.writelines(f"{line}\n" for line in said)
    sys.exit(bool(said) if "--check" in sys.argv else 0)
