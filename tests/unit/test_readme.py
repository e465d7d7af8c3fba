"""Both READMEs say the same, and what they say of settings and commands is what the program has."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dashboard import cli
from dashboard.settings import Settings

ROOT = Path(__file__).parent.parent.parent
READMES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")}
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
UNSET = "–"

every_readme = pytest.mark.parametrize("name", READMES)


def settings_table(text: str) -> list[tuple[str, str, str]]:
    """(setting, default, meaning) of every row whose first cell is a setting."""
    rows = re.findall(r"^\| `(ZHENLU_\w+)` \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    return [(setting, default.strip("`"), meaning) for setting, default, meaning in rows]


def shown(default: Any) -> str:
    """A default as the tables write it."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default in (None, ""):
        return UNSET
    return f"{default:g}" if isinstance(default, float) else str(default)


def commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    """Every command in full: load, kb list ..."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from commands(sub, f"{before} {name}".strip())
            return
    yield before


def examples(text: str) -> list[list[str]]:
    """The arguments of every `python -m dashboard ...` in a code block."""
    lines = [line for block in FENCE.findall(text) for line in block.splitlines()]
    said = [line.partition("python -m dashboard ")[2] for line in lines if "python -m dashboard " in line]
    return [shlex.split(re.split(r" [<>|] ", line)[0]) for line in said]


@every_readme
def test_the_two_commands_stand_at_the_top(name: str) -> None:
    assert READMES[name].startswith("# 诊路 Zhenlu\n\n```\nmake run\nmake test\n```\n")


@every_readme
def test_every_setting_stands_in_the_table_with_its_default(name: str) -> None:
    table = settings_table(READMES[name])
    assert {setting: default for setting, default, _ in table} == {
        f"ZHENLU_{field.upper()}": shown(info.default) for field, info in Settings.model_fields.items()
    }
    assert len(table) == len(Settings.model_fields)
    assert all(meaning.strip() for _, _, meaning in table)


@every_readme
def test_no_other_setting_is_named(name: str) -> None:
    known = {f"ZHENLU_{field.upper()}" for field in Settings.model_fields}
    assert set(re.findall(r"ZHENLU_\w+", READMES[name])) == known


@every_readme
def test_every_command_has_an_example_that_the_command_line_takes(name: str) -> None:
    parser = cli._parser()
    given = examples(READMES[name])
    for arguments in given:
        parser.parse_args(arguments)
    lines = [" ".join(arguments) + " " for arguments in given]
    lacking = [command for command in commands(parser) if not any(line.startswith(f"{command} ") for line in lines)]
    assert not lacking, lacking


def test_both_have_the_same_code_blocks() -> None:
    english, chinese = map(FENCE.findall, READMES.values())
    assert english == chinese


@pytest.mark.parametrize(
    "pattern",
    [r"^#+ ", r"!\[.*?\]\((.*?)\)", r"^\| ", r"^(?:- |\d\. )"],
    ids=["headings", "pictures", "table rows", "list items"],
)
def test_both_have_the_same_parts(pattern: str) -> None:
    english, chinese = (re.findall(pattern, FENCE.sub("", text), re.MULTILINE) for text in READMES.values())
    assert english
    assert english == chinese


@every_readme
def test_each_links_to_the_other_and_to_files_that_exist(name: str) -> None:
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)]+)\)", FENCE.sub("", READMES[name]))
    assert set(links) >= set(READMES) - {name}
    lacking = [link for link in links if not (ROOT / link).exists()]
    assert not lacking, lacking
