"""What may be written at one place of a body: the words of an enumeration, found by the place that is wrong."""

from typing import Any

from msgspec import inspect


def allowed_at(kind: type[Any], pointer: str) -> list[str]:
    """The values of the enumeration at this JSON pointer of a ``kind``; none where no enumeration stands there."""
    nodes = [inspect.type_info(kind)]
    for step in pointer.split("/")[1:]:
        nodes = [inner for node in nodes for inner in _inside(node, step)]
    words = [word for node in nodes for plain in _plain(node) for word in _words(plain)]
    return sorted(set(words))


def _inside(node: inspect.Type, step: str) -> list[inspect.Type]:
    found: list[inspect.Type] = []
    for plain in _plain(node):
        if isinstance(plain, inspect.StructType):
            found += [field.type for field in plain.fields if field.encode_name == step]
        elif isinstance(plain, inspect.CollectionType):
            found.append(plain.item_type)
        elif isinstance(plain, inspect.DictType):
            found.append(plain.value_type)
    return found


def _plain(node: inspect.Type) -> list[inspect.Type]:
    """The types a value may have, without their metadata."""
    if isinstance(node, inspect.Metadata):
        return _plain(node.type)
    if isinstance(node, inspect.UnionType):
        return [plain for each in node.types for plain in _plain(each)]
    return [node]


def _words(node: inspect.Type) -> list[str]:
    if isinstance(node, inspect.EnumType):
        return [str(member.value) for member in node.cls]
    if isinstance(node, inspect.LiteralType):
        return [str(value) for value in node.values]
    return []
