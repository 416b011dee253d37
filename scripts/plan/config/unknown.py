"""What is not known of a configuration with faults, so that checks can be made of the rest.

`plan.config.known` leaves out of a study what was refused. A check that needs it ends there, without a
problem: the key itself has one.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import NoReturn, ParamSpec

P = ParamSpec("P")


class UnknownValueError(LookupError):
    """A check asks for a value that was refused."""


class Unknown:
    """In place of a definition that was refused as a whole."""

    def __getattr__(self, name: str) -> NoReturn:
        raise UnknownValueError(name)


def as_far_as_known(check: Callable[P, Iterator[str]]) -> Callable[P, Iterator[str]]:
    """A check, a generator of problems, that ends where it needs a value that was refused."""

    @wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Iterator[str]:
        try:
            yield from check(*args, **kwargs)
        except UnknownValueError:
            return

    return checked
