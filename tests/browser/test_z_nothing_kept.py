"""Runs last: of all that the tests before it have typed, on any page, nothing is left on disk."""

import json
from urllib.parse import quote

import pytest

from dashboard.services import BUILTIN_FILE
from tests.browser.conftest import TYPED, App


def test_nothing_typed_stands_in_the_data_folder_or_a_log(ready: App) -> None:
    entries = BUILTIN_FILE.read_text(encoding="utf-8")
    # What an entry says too, the data folder may hold.
    typed = [text for text in dict.fromkeys(TYPED) if len(text) > 7 and text not in entries]
    if len(typed) < 10:
        pytest.skip("run together with the other browser tests")
    # Among them state.db, where the findings of one search are kept that a person agreed to keep, and not its text.
    files = [p for p in ready.data.rglob("*") if p.is_file()] + [ready.log]
    found = []
    for file in files:
        content = file.read_bytes()
        for text in typed:
            forms = (text.encode(), json.dumps(text)[1:-1].encode(), quote(text).encode(), text.encode("utf-16-le"))
            found += [(file.name, text) for form in forms if form in content]
    assert found == []
