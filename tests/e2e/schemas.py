"""Checks JSON documents against docs/schemas, strictly: a member that no schema names fails."""
import copy
import functools
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/schemas"


def _closed(schema, inside_all_of=False):
    """The schema with every object closed; the published ones leave room for members to come."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for name, part in schema.items():
        if name == "allOf":
            out[name] = [_closed(each, True) for each in part]
        elif name in ("properties", "$defs"):
            # The definitions are closed where they are used, since allOf joins them there.
            out[name] = {key: _closed(each, name == "$defs") for key, each in part.items()}
        else:
            out[name] = _closed(part)
    joined = {"properties", "allOf", "$ref"} & set(schema)
    if joined and not inside_all_of and "additionalProperties" not in schema:
        out["unevaluatedProperties"] = False
    return out


@functools.cache
def _validator(name, strict):
    import jsonschema  # a package of its own; scripts/packages.sh names it
    documents = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
    for document in documents.values():
        jsonschema.Draft202012Validator.check_schema(document)
    if strict:
        documents = {key: _closed(copy.deepcopy(document)) for key, document in documents.items()}
    resolver = jsonschema.RefResolver(base_uri=name, referrer=documents[name], store=documents)
    return jsonschema.Draft202012Validator(documents[name], resolver=resolver)


def check(name, text):
    """The parsed document; fails with the place and the reason when it is not as `name` says."""
    document = json.loads(text)
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
              for error in _validator(name, True).iter_errors(document)]
    assert not errors, "\n".join(errors[:5])
    return document
