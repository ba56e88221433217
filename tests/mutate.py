"""mutmut with fewer and more telling mutants. Run as a file: what of ours it imported would be tested unbroken."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import libcst
from mutmut.__main__ import cli
from mutmut.mutation import mutators

Operator = Callable[[Any], Iterable[libcst.CSTNode]]


def another_name(node: libcst.BaseString) -> Iterator[libcst.CSTNode]:
    """A name becomes another. What has a space in it is a sentence: whether it is well said no test can tell."""
    if not (isinstance(node, libcst.SimpleString) and " " in node.value):
        yield from list(mutators.operator_string(node))[:1]


def nothing_given(node: libcst.Call) -> Iterator[libcst.CSTNode]:
    """Each argument becomes None, and none is left out, which would mostly be noticed by Python itself."""
    yield from (call for call in mutators.operator_arg_removal(node) if len(call.args) == len(node.args))


OURS: dict[Operator, Operator] = {
    mutators.operator_string: another_name,
    mutators.operator_arg_removal: nothing_given,
}


def main() -> None:
    operators: Sequence[tuple[type, Operator]] = mutators.mutation_operators
    operators[:] = [(kind, OURS.get(operator, operator)) for kind, operator in operators]  # type: ignore[index]
    cli()


if __name__ == "__main__":
    main()
