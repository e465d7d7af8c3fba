"""The catalogues are complete in both languages, and say what the code asks them to say, no more and no less."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from string import Formatter
from typing import get_args, get_type_hints

import pytest

from dashboard.contrast import KINDS
from dashboard.domain import BANDS, LEVELS, Scores, Status, Wanted
from dashboard.feedback import Verdict
from dashboard.privacy import Kind
from dashboard.text import ERRORS
from dashboard.ui.text import INTERFACE

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(p for folder in ("dashboard", "pages") for p in (ROOT / folder).rglob("*.py"))
HAN = re.compile(r"[\u3400-\u9fff]")
FULL_WIDTH = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
CATALOGUES = [("errors", key) for key in ERRORS] + [("interface", key) for key in INTERFACE]


def texts(catalogue: str, key: str) -> tuple[str, str]:
    return (ERRORS if catalogue == "errors" else INTERFACE)[key]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def words(text: str) -> str:
    """What stays when the placeholders are taken out."""
    return "".join(literal for literal, *_ in Formatter().parse(text))


# -- what the code says -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """A key in the code. ``prefix``: only its beginning is known. ``params`` is None when they cannot be told."""

    key: str
    where: str
    prefix: bool = False
    params: frozenset[str] | None = None


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """(name, place, call) of every call of a plain name in dashboard/ and pages/."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, f"{path.relative_to(ROOT)}:{node.lineno}", node


def keywords(call: ast.Call) -> frozenset[str] | None:
    names = [k.arg for k in call.keywords]
    return None if None in names else frozenset(n for n in names if n)


def literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def dict_keys(node: ast.expr) -> frozenset[str] | None:
    return frozenset(filter(None, map(literal, node.keys))) if isinstance(node, ast.Dict) else None


def raised() -> Iterator[Use]:
    """ZhenluError("code"), _Reject("code"), RowProblem(_, "code", {...}) and {"code": "code", "params": {...}}."""
    for name, where, call in calls():
        place = {"ZhenluError": 0, "_Reject": 0, "RowProblem": 1}.get(name)
        if place is None or len(call.args) <= place:
            continue
        code = literal(call.args[place])
        if code is None:
            continue
        params = keywords(call)
        if name == "RowProblem":
            params = dict_keys(call.args[2]) if len(call.args) > 2 else frozenset()
        yield Use(code, where, params=params)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                pairs = {literal(k): v for k, v in zip(node.keys, node.values, strict=True) if k is not None}
                code = literal(pairs.get("code"))
                if code is not None and "params" in pairs:
                    yield Use(code, f"{path.relative_to(ROOT)}:{node.lineno}", params=dict_keys(pairs["params"]))


def said() -> Iterator[Use]:
    """Every t(...); both branches of a choice; a key that is put together, by its beginning."""
    for name, where, call in calls():
        if name == "t" and call.args:
            yield from _keys(call.args[0], where, keywords(call))


def _keys(node: ast.expr, where: str, params: frozenset[str] | None) -> Iterator[Use]:
    if isinstance(node, ast.IfExp):
        yield from _keys(node.body, where, params)
        yield from _keys(node.orelse, where, params)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield Use(literal(node.left) or "", where, prefix=True)
    elif isinstance(node, ast.JoinedStr):
        yield Use(literal(node.values[0]) or "", where, prefix=True)
    else:
        yield Use(literal(node) or "", where, params=params)


RAISED = sorted(raised(), key=lambda u: (u.key, u.where))
SAID = sorted(said(), key=lambda u: (u.key, u.where))


# -- the texts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("catalogue", "key"), CATALOGUES)
def test_both_languages_say_something_with_the_same_placeholders(catalogue: str, key: str) -> None:
    chinese, english = texts(catalogue, key)
    assert chinese.strip()
    assert english.strip()
    assert placeholders(chinese) == placeholders(english)
    assert "" not in placeholders(chinese)


@pytest.mark.parametrize(("catalogue", "key"), CATALOGUES)
def test_each_text_is_in_its_language(catalogue: str, key: str) -> None:
    chinese, english = texts(catalogue, key)
    symbols_only = not any(c.isalpha() for c in words(chinese))
    assert symbols_only or HAN.search(chinese)
    assert not FULL_WIDTH.search(english)


# -- the texts and the code -----------------------------------------------------------------------------------------


def test_the_code_was_read() -> None:
    assert len(RAISED) > 40
    assert len(SAID) > 80


def test_every_code_raised_is_in_the_catalogue_with_a_hint() -> None:
    missing = [f"{u.where} {u.key}" for u in RAISED if u.key not in ERRORS]
    missing += [
        f"{u.where} {u.key}.hint" for u in RAISED if not u.key.startswith("row_") and f"{u.key}.hint" not in ERRORS
    ]
    assert not missing, missing


def test_every_error_text_is_used() -> None:
    codes = {u.key for u in RAISED}
    unused = [key for key in ERRORS if key.removesuffix(".hint") not in codes]
    assert not unused, unused


def test_every_error_gets_what_its_texts_name() -> None:
    short = []
    for use in RAISED:
        wanted = {p for key in (use.key, f"{use.key}.hint") for text in ERRORS.get(key, ()) for p in placeholders(text)}
        if use.params is not None and wanted - use.params:
            short.append(f"{use.where} {use.key}: {sorted(wanted - use.params)}")
    assert not short, short


def test_every_key_said_exists() -> None:
    lacking = [f"{u.where} {u.key!r}" for u in SAID if not u.prefix and u.key not in INTERFACE]
    lacking += [
        f"{u.where} {u.key!r}…"
        for u in SAID
        if u.prefix and not (u.key and any(k.startswith(u.key) for k in INTERFACE))
    ]
    assert not lacking, lacking


def test_every_interface_text_is_used() -> None:
    exact = {u.key for u in SAID if not u.prefix}
    prefixes = tuple(u.key for u in SAID if u.prefix)
    unused = [key for key in INTERFACE if key not in exact and not key.startswith(prefixes)]
    assert not unused, unused


def test_every_interface_text_gets_what_it_names() -> None:
    short = [
        f"{u.where} {u.key}: {sorted(placeholders(INTERFACE[u.key][0]) - u.params)}"
        for u in SAID
        if not u.prefix and u.key in INTERFACE and u.params is not None and placeholders(INTERFACE[u.key][0]) - u.params
    ]
    assert not short, short


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("band_", BANDS),
        ("level_", LEVELS),
        ("status_", tuple(Status)),
        ("score_", tuple(f.name for f in fields(Scores))),
        ("want_", get_args(get_type_hints(Wanted)["kind"])),
        ("masked_", tuple(Kind)),
        ("contrast_", KINDS),
        ("verdict_", get_args(Verdict)),
        ("sex_", ("any", "female", "male")),
        ("misfit_", ("sex", "age", "pregnancy", "department")),
    ],
)
def test_a_family_of_keys_is_whole(prefix: str, values: tuple[str, ...]) -> None:
    assert [v for v in values if prefix + v not in INTERFACE] == []
