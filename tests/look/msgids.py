"""Which texts the product says: read from the source and the templates, as the translators would read them."""

import ast
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
_SAYERS = {"say", "word", "say_plain"}


def said() -> dict[str, str]:
    """Every text that is said, and one place where it stands."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "src" / "compensation").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                for text in _python(node):
                    found.setdefault(text, str(path.relative_to(ROOT)))
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix == ".po":
            continue
        for call in Environment().parse(path.read_text()).find_all(nodes.Call):
            if (
                isinstance(call.node, nodes.Name)
                and call.node.name in _SAYERS
                and isinstance(call.args[0], nodes.Const)
            ):
                found.setdefault(call.args[0].value, str(path.relative_to(ROOT)))
    return found


def _python(call: ast.Call) -> list[str]:
    """``say("…")`` and ``word("…")`` hold one text, ``say.many("…", "…", n)`` two."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if name in _SAYERS:
        return texts[:1]
    return texts[:2] if name == "many" else []
