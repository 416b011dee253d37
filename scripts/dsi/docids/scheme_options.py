"""The settings of docid schemes as options of a command: one for each field of each scheme's settings."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from dsi.docids.identifiers import DocidError
from dsi.docids.schemes import SCHEMES


def add_scheme_options(parser: ArgumentParser) -> None:
    """The option --scheme, and the options of all schemes; several may share one of the same type."""
    parser.add_argument("--scheme", choices=sorted(SCHEMES), required=True)
    for name, users in _users().items():
        field = next(field for field in fields(SCHEMES[users[0]].settings) if field.name == name)
        parser.add_argument(
            _option(name),
            type=field.metadata.get("type", type(field.default)),
            help=f"{', '.join(users)}: {field.metadata['help']} ({field.default})",
        )


def chosen_settings(scheme: str, options: Mapping[str, Any]) -> Any:
    """The settings of a scheme from the options of the command line, by name; None where one is not given.

    Raises:
        DocidError: an option is given that the scheme does not have.
    """
    given = {name: options[name] for name in _users() if options[name] is not None}
    known = {field.name for field in fields(SCHEMES[scheme].settings)}
    for name in given:
        if name not in known:
            expected = ", ".join(map(_option, sorted(known))) or "none"
            raise DocidError(f"{_option(name)}: found with --scheme {scheme}, whose options are: {expected}")
    return SCHEMES[scheme].settings(**given)


def _users() -> dict[str, list[str]]:
    """Setting → the schemes that have it."""
    users: dict[str, list[str]] = {}
    for scheme, row in SCHEMES.items():
        for field in fields(row.settings):
            users.setdefault(field.name, []).append(scheme)
    return users


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
