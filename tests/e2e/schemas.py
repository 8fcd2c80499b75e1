"""Checks JSON documents against docs/schemas, with that part of JSON Schema which they use.

Stricter than the schemas: they leave room for members to come, here a member that no schema names fails.
"""
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs/schemas"
KINDS = {"string": str, "integer": int, "number": (int, float), "object": dict, "array": list, "boolean": bool,
         "null": type(None)}
WORDS = {"$schema", "$id", "$defs", "title", "description", "format"}


class Wrong(AssertionError):
    pass


def require(condition, where, what):
    if not condition:
        raise Wrong(f"{where}: {what}")


def is_kind(value, kind):
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


class Checker:
    """One schema file; references to others are followed."""

    def __init__(self, name):
        self.name = name
        self.document = json.loads((FOLDER / name).read_text())

    def resolve(self, reference):
        name, _, pointer = reference.partition("#")
        checker = Checker(name) if name else self
        schema = checker.document
        for step in pointer.split("/")[1:]:
            schema = schema[step]
        return checker, schema

    def check(self, schema, value, where):
        """Raises Wrong; ends when all members are named and as they should be."""
        named = self.members(schema, value, where)
        if isinstance(value, dict) and named is not None:
            require(set(value) <= named, where, f"members that no schema names: {sorted(set(value) - named)}")

    def members(self, schema, value, where):
        """The members that the schema speaks of; None when it takes any."""
        named = set()
        for word, rule in schema.items():
            if word in WORDS:
                continue
            more = getattr(self, "rule_" + word.strip("$"))(rule, value, where)
            if word == "additionalProperties":
                return None
            named |= more or set()
        return named if isinstance(value, dict) else set()

    def rule_type(self, rule, value, where):
        kinds = rule if isinstance(rule, list) else [rule]
        require(any(is_kind(value, kind) for kind in kinds), where, f"{value!r} is no {kinds}")

    def rule_enum(self, rule, value, where):
        require(value in rule, where, f"{value!r} is none of {rule}")

    def rule_const(self, rule, value, where):
        require(value == rule, where, f"{value!r} is not {rule!r}")

    def rule_pattern(self, rule, value, where):
        require(not isinstance(value, str) or re.search(rule, value), where, f"{value!r} does not match {rule}")

    def rule_minimum(self, rule, value, where):
        require(value is None or value >= rule, where, f"{value} is below {rule}")

    def rule_maximum(self, rule, value, where):
        require(value is None or value <= rule, where, f"{value} is above {rule}")

    def rule_required(self, rule, value, where):
        missing = [name for name in rule if isinstance(value, dict) and name not in value]
        require(not missing, where, f"{missing} missing")

    def rule_properties(self, rule, value, where):
        for name, schema in rule.items():
            if isinstance(value, dict) and name in value:
                self.check(schema, value[name], f"{where}/{name}")
        return set(rule)

    def rule_additionalProperties(self, rule, value, where):
        for name, member in value.items():
            self.check(rule, member, f"{where}/{name}")

    def rule_items(self, rule, value, where):
        for index, item in enumerate(value if isinstance(value, list) else []):
            self.check(rule, item, f"{where}/{index}")

    def rule_ref(self, rule, value, where):
        checker, schema = self.resolve(rule)
        return checker.members(schema, value, where)

    def rule_allOf(self, rule, value, where):
        return set().union(*(self.members(part, value, where) for part in rule))

    def rule_oneOf(self, rule, value, where):
        errors = []
        for part in rule:
            try:
                return self.members(part, value, where)
            except Wrong as error:
                errors.append(str(error))
        raise Wrong(" / ".join(errors))


def check(name, text):
    """The parsed document; fails with the place and the reason when it is not as the schema `name` says."""
    document = json.loads(text)
    checker = Checker(name)
    checker.check(checker.document, document, "")
    return document
