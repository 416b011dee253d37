"""Baselines that extend others: `extends` is replaced by the keys of the baseline that it names."""

from collections.abc import Mapping
from typing import Any

from plan.config.reading import read_mapping


class ExtensionError(ValueError):
    """A baseline extends one that there is not, or itself; the message is the problem's sentence."""


def extended(definitions: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Each baseline merged over the one that it extends, as overlays are merged, and what is wrong.

    A baseline that cannot be extended is left out.
    """
    whole, problems = {}, []
    for name in definitions:
        try:
            whole[name] = _with_base([name], definitions)
        except ExtensionError as error:
            problems.append(str(error))
    return whole, problems


def _with_base(chain: list[str], definitions: Mapping[str, Any]) -> Any:
    """The last baseline of a chain, in which each is extended by the one before, over its own base.

    Raises:
        ExtensionError: the baseline that one extends is not there, or is one of the chain.
    """
    definition = read_mapping(definitions[chain[-1]])
    if not isinstance(definition, Mapping) or "extends" not in definition:
        return definition
    base = str(definition["extends"])
    if base in chain or base not in definitions:
        known = ", ".join(sorted(name for name in definitions if name not in chain))
        raise ExtensionError(
            f"baselines.{chain[-1]}.extends: found {base!r}, expected a baseline that does not extend it: "
            f"{known}"
        )
    own = {key: value for key, value in definition.items() if key != "extends"}
    return _merged(_with_base([*chain, base], definitions), own)


def _merged(base: Any, over: Any) -> Any:
    """Mappings merged key by key, anything else replaced."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}
