"""Laws of pictures: they hold the whole code and nothing that acts, and a machine reads out of them what was put in."""

from xml.etree import ElementTree

import segno
from hypothesis import given
from hypothesis import strategies as st

from compensation.issuance.codes import new_code
from compensation.issuance.scan import QUIET, bars, picture, qr

SVG = "{http://www.w3.org/2000/svg}"
INERT = {f"{SVG}{name}" for name in ("svg", "rect", "path", "g", "text")}
ROUTE = "dem0"


def _tags(drawn: str) -> set[str]:
    return {each.tag for each in ElementTree.fromstring(drawn).iter()}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_a_picture_is_inert_whatever_its_label_says(label: str) -> None:
    code = new_code(ROUTE)
    for drawn in (qr(code, label), bars(code, label), picture(code, label)):
        assert _tags(drawn) <= INERT
        root = ElementTree.fromstring(drawn)
        assert root.get("role") == "img"
        assert root.get("aria-label") == label
        assert "style" not in {name for each in root.iter() for name in each.attrib}
        assert not any(name.startswith("on") or "href" in name for each in root.iter() for name in each.attrib)


def _dark(drawn: str) -> set[tuple[int, int]]:
    path = ElementTree.fromstring(drawn).find(f"{SVG}path")
    assert path is not None
    corners = [corner.partition("h")[0].split() for corner in path.get("d", "").split("M")[1:]]
    return {(int(x), int(y)) for x, y in corners}


def test_a_qr_code_is_drawn_module_by_module_with_its_quiet_zone() -> None:
    code = new_code(ROUTE)
    made = segno.make_qr(code, error="m")
    wanted = {(x + 4, y + 4) for y, row in enumerate(made.matrix) for x, dark in enumerate(row) if dark}
    drawn = qr(code, "code")
    assert _dark(drawn) == wanted
    assert ElementTree.fromstring(drawn).get("viewBox") == "0 0 {0} {0}".format(len(made.matrix) + 8)


def test_a_barcode_is_read_back_by_the_table_of_its_standard() -> None:
    """Code 128: each sign has eleven modules, in three bars and three spaces; the check sign is the weighted sum."""
    code = new_code(ROUTE)
    drawn = bars(code, "code")
    dark = {x for x, _ in _dark(drawn)}
    width = int((ElementTree.fromstring(drawn).get("viewBox") or "").split()[2])
    assert min(dark) == QUIET
    assert max(dark) == width - QUIET - 1
    modules = "".join("1" if x in dark else "0" for x in range(QUIET, width - QUIET))
    assert modules.endswith("1100011101011")  # the stop sign
    assert (len(modules) - 13) % 11 == 0
    assert modules.startswith(("11010010000", "11010011100"))  # the start sign of set B, or of set C
    assert len({modules[at : at + 11] for at in range(0, len(modules) - 13, 11)}) > 3
