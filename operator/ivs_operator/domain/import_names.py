"""Names and namespaces for custom resources that are made from AWS objects: always the same for the same account.

AWS names need not be unique, may be empty, and know upper case and underscores, which Kubernetes does not.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ivs_operator.domain.inventory_rows import account_and_region
from ivs_operator.domain.observed import Configuration

__all__ = ["BadTemplate", "Unnamed", "names_of", "namespace_of", "parse_template"]

_LONGEST: Final = 128  # of metadata.name, as the CRDs have it
_LONGEST_NAMESPACE: Final = 63
_DIGITS: Final = 8  # of a hash that tells apart what differs in case only

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


class BadTemplate(ValueError):
    """A namespace template that can't be used; the message says what is allowed."""


class Unnamed(ValueError):
    """A template that gives no namespace for one object; the message says why."""


Template = tuple[str | Callable[[Configuration], str], ...]
"""Literal parts, and parts that depend on the object."""


def names_of(items: Sequence[tuple[str, Configuration]]) -> list[str]:
    """metadata.name for each (scope, object): unique within its scope, and stable when other objects come or go.

    The AWS name where it is unique; else with the AWS id behind it.
    """
    plain = [(scope, _slug(_aws_name(item)) or _slug(item.id)) for scope, item in items]
    taken = Counter(plain)
    longer = [
        (scope, name if taken[scope, name] == 1 else _suffixed(_slug(_aws_name(item)), item.id.lower()))
        for (scope, name), (_, item) in zip(plain, items, strict=True)
    ]
    taken = Counter(longer)
    return [
        name if taken[scope, name] == 1 else _suffixed(name, hashlib.sha256(item.arn.encode()).hexdigest()[:_DIGITS])
        for (scope, name), (_, item) in zip(longer, items, strict=True)
    ]


def parse_template(text: str) -> Template:
    """A namespace template: text with `{account}`, `{region}`, `{tag:KEY}` or `{tag:KEY|FALLBACK}` in it.

    Raises:
        BadTemplate: it has another placeholder, or no namespace could come out of it.
    """
    parts: list[str | Callable[[Configuration], str]] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += [text[end : match.start()], _placeholder(match.group(1))]
        end = match.end()
    parts.append(text[end:])
    literal = "".join(part for part in parts if isinstance(part, str))
    fixed = len(parts) == 1
    if re.search(r"[^-a-z0-9]", literal) or (fixed and not _is_namespace(literal)):
        raise BadTemplate(
            f"{text!r} makes no namespace: use lower-case letters, digits and dashes (63 at most), and the "
            f"placeholders {{account}}, {{region}}, {{tag:KEY}}, {{tag:KEY|FALLBACK}}"
        )
    return tuple(parts)


def namespace_of(template: Template, item: Configuration) -> str:
    """The namespace for one object.

    Raises:
        Unnamed: it lacks the tag, or what comes out is no name of a namespace.
    """
    name = "".join(part if isinstance(part, str) else part(item) for part in template)
    if not _is_namespace(name):
        raise Unnamed(f"--namespace makes {name!r} of it, which is no name of a namespace")
    return name


def _placeholder(text: str) -> Callable[[Configuration], str]:
    kind, colon, rest = text.partition(":")
    if kind == "account" and not colon:
        return lambda item: account_and_region(item.arn)[0]
    if kind == "region" and not colon:
        return lambda item: account_and_region(item.arn)[1]
    key, bar, fallback = rest.partition("|")
    if kind != "tag" or not key:
        message = f"{{{text}}} is no placeholder; there are {{account}}, {{region}}, {{tag:KEY}}, {{tag:KEY|FALLBACK}}"
        raise BadTemplate(message)
    return lambda item: _of_tag(item.tags, key, fallback if bar else None)


def _of_tag(tags: Mapping[str, str], key: str, fallback: str | None) -> str:
    value = _slug(tags.get(key, "")) or fallback
    if value is None:
        raise Unnamed(f"it has no tag {key}, which --namespace asks for; give a fallback, {{tag:{key}|default}}")
    return value


def _is_namespace(name: str) -> bool:
    return len(name) <= _LONGEST_NAMESPACE and _LABEL.fullmatch(name) is not None


def _aws_name(item: Configuration) -> str:
    return str(item.settings.get("name") or "")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].rstrip("-")


def _suffixed(name: str, suffix: str) -> str:
    suffix = _slug(suffix)
    base = name[: _LONGEST - len(suffix) - 1].rstrip("-")
    return f"{base}-{suffix}" if base else suffix
